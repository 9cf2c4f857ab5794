# bash completion of rollcall
_rollcall()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} options
	local everywhere="--log-format --log-level -q -v --no-progress --color --confine --version --help"
	local runs="--target --only --only-file --run-id --deadline"
	local writes="--expect-env --max-creates --max-updates --max-deletes --max-changes --max-renames --exclude-keys"
	local sends="--canary --yes --drain-timeout --wait-lock"

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "read init check plan sync apply undo refresh status list why report reset-password state prune forget
			credentials schema errors hold release pause resume
			--help --version" -- "$cur")
		return
	fi
	case $command in
	read) options="--format --delimiter --encoding --lenient --max-record --max-ratio --help" ;;
	init) options="--connector --endpoint --set --source --key --output --force --help" ;;
	check) options="--online --print --sample $everywhere" ;;
	plan) options="$runs --refresh $writes --accept-source -o --detailed-exitcode --rebalance $everywhere" ;;
	sync) options="$runs --refresh $writes --accept-source $sends $everywhere" ;;
	apply) options="$writes --accept-source $sends --run-id --deadline $everywhere" ;;
	undo) options="$runs $writes -o $everywhere" ;;
	refresh) options="$runs --refresh --rebind $everywhere" ;;
	status) options="--format --check --max-age $everywhere" ;;
	list) options="--format --status --at --target $everywhere" ;;
	why) options="--format --name --find --refresh $everywhere" ;;
	reset-password)
		options="--target --file --max-resets --yes --run-id --deadline --expect-env --drain-timeout --wait-lock $everywhere" ;;
	state) options="export import --wait-lock $everywhere" ;;
	prune) options="--dry-run --wait-lock $everywhere" ;;
	forget) options="--wait-lock $everywhere" ;;
	report) options="--format $everywhere" ;;
	hold) options="--reason $everywhere" ;;
	pause) options="--until --reason $everywhere" ;;
	release | resume) options="$everywhere" ;;
	credentials) options="open --key --passphrase-file --run --target --name --all --help" ;;
	schema) options="config summary report-line plan huawei-p2c-vpn alibaba-sag-app --help" ;;
	errors) options="huawei-p2c-vpn alibaba-sag-app --help" ;;
	*) return ;;
	esac
	case $prev in
	--connector) options="huawei-p2c-vpn alibaba-sag-app" ;;
	--log-format) options="text json" ;;
	--log-level) options="error warn info verbose debug" ;;
	--delimiter) options=", ; tab |" ;;
	--format)
		case $command in
		read) options="auto csv ldif" ;;
		status | why) options="text json" ;;
		list) options="csv jsonl" ;;
		*) options="html csv jsonl json" ;;
		esac ;;
	--target | --only | --run-id | --deadline | --expect-env | --max-* | --canary | --drain-timeout | --wait-lock | --sample | --set | \
		--endpoint | --encoding | --run | --name | --reason | --until | --find | --at | --status)
		return ;;
	--only-file | --exclude-keys | --file | -o | --passphrase-file | --source | --output)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	*)
		if [[ $cur != -* && $command != schema && $command != errors ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			[[ $command == credentials && $COMP_CWORD == 2 ]] && COMPREPLY=(open)
			[[ $command == state && $COMP_CWORD == 2 ]] && COMPREPLY=(export import)
			return
		fi ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -o filenames -F _rollcall rollcall
