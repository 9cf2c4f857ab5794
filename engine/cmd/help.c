#include "engine/cmd/help.h"
#include <stddef.h>
#include <string.h>

const char rc_help_main[] =
	"rollcall - makes VPN accounts equal to the list of people\n"
	"\n"
	"usage: rollcall COMMAND [OPTIONS] [ARGUMENTS]; rollcall COMMAND --help tells more\n"
	"  init                         write a commented first config\n"
	"  check CONFIG                 validate config, expressions, files, sources, secrets\n"
	"  plan CONFIG                  dry run: what would change; -o saves the plan\n"
	"  sync CONFIG                  plan and carry out\n"
	"  apply CONFIG PLAN            carry out a saved plan\n"
	"  undo CONFIG RUN              plan the inverse of a past run\n"
	"  refresh CONFIG               read the provider's list into the snapshot\n"
	"  status CONFIG                last success, what waits and why\n"
	"  list CONFIG                  who has access, or had it at the end of a day\n"
	"  why CONFIG KEY               one person's story\n"
	"  report CONFIG [RUN]          render a past run again\n"
	"  hold, release CONFIG KEY     hands off a person; end that, or end management\n"
	"  pause, resume CONFIG         let syncs only plan until a day; end that\n"
	"  reset-password CONFIG ...    new passwords for a few people, sealed first\n"
	"  credentials open             decrypt sealed credentials\n"
	"  state export|import          back the state up, restore it\n"
	"  prune CONFIG; forget CONFIG KEY   apply retention; erase a person without an account\n"
	"  read FILE...                 print the records of CSV and LDIF files as JSON lines\n"
	"  schema [NAME]; errors [CONNECTOR]   a shipped JSON Schema; provider codes and what to do\n"
	"everywhere: --log-format text|json  --log-level L  -q  -v  --no-progress  --color  --confine  --version  "
	"--help\n"
	"example:    rollcall plan rollcall.jsonc\n";

#define RUN_OPTIONS                                                                                                    \
	"  --target NAME          only this target (repeatable)\n"                                                     \
	"  --only KEY             only this person (repeatable); --only-file F: one key a line\n"                      \
	"  --run-id ID            name the run; --deadline D: stop sending after D\n"

#define SOURCE_OPTION "  --accept-source        take a shrunken or stale source this once\n"
#define REFRESH_OPTION "  --refresh              read the provider's list first\n"
#define SEND_OPTIONS                                                                                                   \
	"  --canary N             N people of each target first; the rest only if all of them are confirmed\n"         \
	"  --yes                  do not ask; lifts no guard\n"                                                        \
	"  --drain-timeout D      how long answers in flight are awaited after a stop (10s)\n"                         \
	"  --wait-lock D          wait for another run to end\n"

#define WRITE_OPTIONS                                                                                                  \
	"  --expect-env NAME      refuse another environment's config\n"                                               \
	"  --max-creates L, --max-updates L, --max-deletes L, --max-changes L, --max-renames L\n"                      \
	"                         lift or tighten a guard for this run: a number, 5%, \"5%,200\", unlimited\n"         \
	"  --exclude-keys F       leave these people alone in this run\n"

static const struct {
	const char *command, *text;
} pages[] = {
	{"check",
	 "usage: rollcall check CONFIG [--online] [--print] [--sample KEY]\n\n"
	 "Validates the config, compiles every expression against the source's header, reads every file that the\n"
	 "config names, fetches every secret; names all faults, not the first.\n\n"
	 "  --online       also ask each provider whether it accepts our credentials\n"
	 "  --print        print the effective config, secrets as references\n"
	 "  --sample KEY   print what the mapping makes of one person\n\n"
	 "example: rollcall check rollcall.jsonc --sample E1042\n"},
	{"plan",
	 "usage: rollcall plan CONFIG [-o FILE] [OPTIONS]\n\n"
	 "Shows what sync would do and writes a report; changes no account and no state.\n\n" RUN_OPTIONS REFRESH_OPTION
		 WRITE_OPTIONS SOURCE_OPTION
	 "  -o FILE                save the plan for apply, unless a guard trips; no secret is in it\n"
	 "  --detailed-exitcode    0 nothing to change, 2 there are changes\n"
	 "  --rebalance LABEL      also move people off a pool's draining server, or onto one with room\n\n"
	 "example: rollcall plan rollcall.jsonc --target vpn-eu\n"},
	{"sync", "usage: rollcall sync CONFIG [OPTIONS]\n\n"
		 "Makes the accounts equal to the sources. On a terminal it shows the plan and asks.\n\n" RUN_OPTIONS
			 REFRESH_OPTION WRITE_OPTIONS SOURCE_OPTION SEND_OPTIONS "\n"
		 "example: rollcall sync rollcall.jsonc --yes\n"},
	{"apply",
	 "usage: rollcall apply CONFIG PLAN [OPTIONS]\n\n"
	 "Carries out exactly what plan -o or undo -o saved: once, with this config and version, while the\n"
	 "state is as it was. The provider's list is read first; whoever changed since fails. On a terminal\n"
	 "it shows the plan and asks.\n\n"
	 "  --run-id ID            name the run; --deadline D: stop sending after D\n" WRITE_OPTIONS SOURCE_OPTION
		 SEND_OPTIONS "\n"
	 "example: rollcall apply rollcall.jsonc monday.plan --canary 5\n"},
	{"undo",
	 "usage: rollcall undo CONFIG RUN [-o FILE] [OPTIONS]\n\n"
	 "Plans the inverse of a past run: what it made goes, what it removed is made anew with a new password,\n"
	 "what it changed gets its old values. Changes no account; apply carries the saved plan out. The provider's\n"
	 "list is read first; whoever changed since is named and left alone. People who are undone are held\n"
	 "until their row changes.\n\n" RUN_OPTIONS WRITE_OPTIONS
	 "  -o FILE                save the plan for apply, unless a guard trips\n\n"
	 "example: rollcall undo rollcall.jsonc 20261128T020000Z-k3v9ap -o back.plan\n"},
	{"refresh",
	 "usage: rollcall refresh CONFIG [OPTIONS]\n\n"
	 "Reads the provider's list into the snapshot: binds ids, adopts accounts that are there, names drift "
	 "and unmanaged accounts.\n\n" RUN_OPTIONS REFRESH_OPTION
	 "  --rebind               the target's ids have changed on purpose\n\n"
	 "example: rollcall refresh rollcall.jsonc\n"},
	{"list", "usage: rollcall list CONFIG [--status S,...] [--at DATE] [--target NAME] [--format csv|jsonl]\n\n"
		 "Who has access, from the snapshot; with --at who had it at the end of that day, from the history.\n"
		 "Works offline.\n\n"
		 "  --status S,...  instead of those with access: waiting, parked, deferred, failed, unknown,\n"
		 "                  held, skipped, disabled, locked, retiring, unmanaged, done, active, all\n"
		 "  --at DATE       a day of the source's time zone, 2026-03-31\n"
		 "  --target NAME   only this target (repeatable)\n\n"
		 "example: rollcall list rollcall.jsonc --status waiting,parked > waits.csv\n"},
	{"why",
	 "usage: rollcall why CONFIG KEY | --name N | --find TEXT [--refresh] [--format text|json]\n\n"
	 "One person's story: source line, rule, what is wanted, known and there, every run that touched them.\n"
	 "Reads the sources; takes no lock and needs no secret without --refresh. Ends with 0 whatever it finds.\n\n"
	 "  --name N     whoever has, had or shall have the account of this name\n"
	 "  --find TEXT  everybody with this text in a row or an account, upper and lower case alike\n"
	 "  --refresh    read the provider's list for it; nothing of it is kept\n\n"
	 "example: rollcall why rollcall.jsonc E1042\n"},
	{"reset-password",
	 "usage: rollcall reset-password CONFIG --target NAME KEY... | --file F\n\n"
	 "New passwords: sealed first, then set. A report is written as by sync. On a terminal it asks first.\n\n"
	 "  --file F          keys from a file, one a line\n"
	 "  --max-resets N    more than 10 at once\n"
	 "  --yes             do not ask\n"
	 "  --run-id ID, --deadline D, --drain-timeout D, --wait-lock D, --expect-env NAME: as with sync\n\n"
	 "example: rollcall reset-password rollcall.jsonc --target vpn-eu E1042 E1077\n"},
	{"state", "usage: rollcall state export CONFIG FILE\n"
		  "       rollcall state import CONFIG FILE\n\n"
		  "A backup of all that is remembered, for another machine or disk; it holds no secret and is checked\n"
		  "as a whole before anything is written. import needs an empty state.\n\n"
		  "  --wait-lock D    wait for a run to end\n\n"
		  "example: rollcall state export rollcall.jsonc rollcall.backup\n"},
	{"prune", "usage: rollcall prune CONFIG [--dry-run]\n\n"
		  "Applies retention: removes reports and history older than the config says. The newest run stays.\n\n"
		  "  --dry-run        only say what would go\n"
		  "  --wait-lock D    wait for a run to end\n\n"
		  "example: rollcall prune rollcall.jsonc --dry-run\n"},
	{"forget", "usage: rollcall forget CONFIG KEY\n\n"
		   "Erases a person without a live account from the state: record, history, names. Names the reports\n"
		   "that still speak of them.\n\n"
		   "  --wait-lock D    wait for a run to end\n\n"
		   "example: rollcall forget rollcall.jsonc E1042\n"},
	{"status", "usage: rollcall status CONFIG [--format text|json] [--check --max-age D]\n\n"
		   "Last success and attempt, what waits and why; offline.\n\n"
		   "  --check --max-age D    exit 1 when the last success is older\n\n"
		   "example: rollcall status rollcall.jsonc --check --max-age 26h\n"},
	{"hold", "usage: rollcall hold CONFIG KEY --reason TEXT\n\n"
		 "No run touches this person's accounts until release: nothing is made, changed or removed. They are "
		 "reported\nas skipped. A person may be held before they have an account.\n\n"
		 "  --reason TEXT          shown in status and in each report\n\n"
		 "example: rollcall hold rollcall.jsonc E1042 --reason 'parental leave, ask Ada'\n"},
	{"release",
	 "usage: rollcall release CONFIG KEY\n\n"
	 "Ends a hold. On a person who is not held it ends management: rollcall forgets the account, which stays as "
	 "it is.\nSomebody still in the source is adopted again by the next run, as `existing` says.\n\n"
	 "example: rollcall release rollcall.jsonc E1042\n"},
	{"pause",
	 "usage: rollcall pause CONFIG --until DATE --reason TEXT\n\n"
	 "Until that day is over, sync and apply only plan: they read, report what they would do, and exit 0.\n\n"
	 "  --until DATE           the last day of the pause, in the first source's time zone\n"
	 "  --reason TEXT          said by each run meanwhile\n\n"
	 "example: rollcall pause rollcall.jsonc --until 2026-12-27 --reason 'move of the data centre'\n"},
	{"resume", "usage: rollcall resume CONFIG\n\n"
		   "Ends a pause before its day. Freeze windows of the config stay.\n\n"
		   "example: rollcall resume rollcall.jsonc\n"},
	{"report", "usage: rollcall report CONFIG [RUN] [--format html|csv|jsonl|json]\n\n"
		   "Renders a past run again (the last one when RUN is left out) to standard output.\n\n"
		   "example: rollcall report rollcall.jsonc --format csv > last-night.csv\n"},
};

const char *rc_help_of(const char *command)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(pages[i].command, command) == 0)
			return pages[i].text;
	return NULL;
}
