# fish completion of rollcall
function __rollcall_in
	set -l words (commandline -opc)
	test (count $words) -gt 1; and contains -- $words[2] $argv
end

complete -c rollcall -f
complete -c rollcall -n 'test (count (commandline -opc)) -eq 1' -a 'read init check plan sync apply undo refresh status list why report reset-password state prune forget credentials schema errors hold release pause resume'
complete -c rollcall -n 'test (count (commandline -opc)) -eq 1' -l version -d 'the version'
complete -c rollcall -l help -d 'help of a command'
complete -c rollcall -n '__rollcall_in read check plan sync apply undo refresh status list why report reset-password state prune forget credentials hold release pause resume' -F

set -l everywhere '__rollcall_in check plan sync apply undo refresh status list why report reset-password state prune forget hold release pause resume'
complete -c rollcall -n $everywhere -l log-format -x -a 'text json' -d 'form of the log'
complete -c rollcall -n $everywhere -l log-level -x -a 'error warn info verbose debug' -d 'amount of the log'
complete -c rollcall -n $everywhere -s q -d 'less output'
complete -c rollcall -n $everywhere -s v -d 'more output'
complete -c rollcall -n $everywhere -l no-progress -d 'no progress'
complete -c rollcall -n $everywhere -l confine -d 'refuse system calls that are never needed'
complete -c rollcall -n $everywhere -l version -d 'version'
complete -c rollcall -n $everywhere -l color -d 'colour, also elsewhere than on a terminal'

set -l runs '__rollcall_in plan sync undo refresh'
complete -c rollcall -n '__rollcall_in plan sync undo refresh credentials list reset-password' -l target -x -d 'only this target'
complete -c rollcall -n $runs -l only -x -d 'only this person'
complete -c rollcall -n $runs -l only-file -r -F -d 'only these people'
complete -c rollcall -n '__rollcall_in plan sync apply undo refresh' -l run-id -x -d 'name of the run'
complete -c rollcall -n '__rollcall_in plan sync apply undo refresh' -l deadline -x -d 'stop sending after'
complete -c rollcall -n '__rollcall_in plan sync refresh why' -l refresh -d 'read the provider\'s list first'

set -l writes '__rollcall_in plan sync apply undo'
complete -c rollcall -n $writes -l expect-env -x -d 'refuse another environment'
for guard in max-creates max-updates max-deletes max-changes max-renames
	complete -c rollcall -n $writes -l $guard -x -d 'guard of this run'
end
complete -c rollcall -n '__rollcall_in plan sync apply' -l accept-source -d 'take a stale or shrunken source'
complete -c rollcall -n $writes -l exclude-keys -r -F -d 'leave these people alone'
complete -c rollcall -n '__rollcall_in plan' -l detailed-exitcode -d '2 when there are changes'
complete -c rollcall -n '__rollcall_in plan' -l rebalance -x -d 'move people off or onto a server of a pool'
complete -c rollcall -n '__rollcall_in plan undo' -s o -r -F -d 'save the plan'
complete -c rollcall -n '__rollcall_in sync apply' -l canary -x -d 'so many people first'
complete -c rollcall -n '__rollcall_in sync apply' -l yes -d 'do not ask'
complete -c rollcall -n '__rollcall_in sync apply' -l drain-timeout -x -d 'wait for answers'
complete -c rollcall -n '__rollcall_in sync apply' -l wait-lock -x -d 'wait for another run'
complete -c rollcall -n '__rollcall_in refresh' -l rebind -d 'ids were changed on purpose'
complete -c rollcall -n '__rollcall_in check' -l online -d 'ask the provider'
complete -c rollcall -n '__rollcall_in check' -l print -d 'effective config'
complete -c rollcall -n '__rollcall_in check' -l sample -x -d 'one person'
complete -c rollcall -n '__rollcall_in hold pause' -l reason -x -d 'shown in reports'
complete -c rollcall -n '__rollcall_in pause' -l until -x -d 'last day'
complete -c rollcall -n '__rollcall_in status' -l check -d 'exit code'
complete -c rollcall -n '__rollcall_in status' -l max-age -x -d 'of the last success'
complete -c rollcall -n '__rollcall_in list' -l format -x -a 'csv jsonl' -d form
complete -c rollcall -n '__rollcall_in list' -l status -x -d 'only these'
complete -c rollcall -n '__rollcall_in list' -l at -x -d 'at the end of this day'
complete -c rollcall -n '__rollcall_in why' -l format -x -a 'text json' -d form
complete -c rollcall -n '__rollcall_in why' -l name -x -d 'of the account'
complete -c rollcall -n '__rollcall_in why' -l find -x -d 'a text'
complete -c rollcall -n '__rollcall_in reset-password' -l file -r -F -d 'of keys'
complete -c rollcall -n '__rollcall_in reset-password' -l max-resets -x -d 'at most'
complete -c rollcall -n '__rollcall_in reset-password' -l yes -d 'do not ask'
complete -c rollcall -n '__rollcall_in reset-password' -l run-id -x -d 'name of the run'
complete -c rollcall -n '__rollcall_in reset-password' -l deadline -x -d 'stop sending after'
complete -c rollcall -n '__rollcall_in reset-password' -l expect-env -x -d 'refuse another environment'
complete -c rollcall -n '__rollcall_in reset-password' -l drain-timeout -x -d 'wait for answers'
complete -c rollcall -n '__rollcall_in reset-password state prune forget' -l wait-lock -x -d 'wait for another run'
complete -c rollcall -n '__rollcall_in state' -a 'export import'
complete -c rollcall -n '__rollcall_in prune' -l dry-run -d 'only say'
complete -c rollcall -n '__rollcall_in status' -l format -x -a 'text json' -d form
complete -c rollcall -n '__rollcall_in report' -l format -x -a 'html csv jsonl json' -d form

complete -c rollcall -n '__rollcall_in read' -l format -x -a 'auto csv ldif' -d 'what it is'
complete -c rollcall -n '__rollcall_in read' -l delimiter -x -d 'of CSV'
complete -c rollcall -n '__rollcall_in read' -l encoding -x -d 'of the text'
complete -c rollcall -n '__rollcall_in read' -l lenient -d 'go on at a bad record'
complete -c rollcall -n '__rollcall_in read' -l max-record -x -d 'longest record'
complete -c rollcall -n '__rollcall_in read' -l max-ratio -x -d 'largest growth of gzip data'

complete -c rollcall -n '__rollcall_in init' -l connector -x -a 'huawei-p2c-vpn alibaba-sag-app' -d provider
complete -c rollcall -n '__rollcall_in init' -l endpoint -x -d address
complete -c rollcall -n '__rollcall_in init' -l set -x -d 'an id, KEY=VALUE'
complete -c rollcall -n '__rollcall_in init' -l source -r -F -d 'an export'
complete -c rollcall -n '__rollcall_in init' -l key -x -d 'column of the key'
complete -c rollcall -n '__rollcall_in init' -l output -r -F -d 'file to write'
complete -c rollcall -n '__rollcall_in init' -l force -d overwrite

complete -c rollcall -n '__rollcall_in credentials' -a open
complete -c rollcall -n '__rollcall_in credentials' -l key -r -F -d 'private key'
complete -c rollcall -n '__rollcall_in credentials' -l passphrase-file -r -F -d 'of the key'
complete -c rollcall -n '__rollcall_in credentials' -l run -x -d 'only this run'
complete -c rollcall -n '__rollcall_in credentials' -l name -x -d 'only this account'
complete -c rollcall -n '__rollcall_in credentials' -l all -d 'every entry'
complete -c rollcall -n '__rollcall_in schema' -a 'config summary report-line plan huawei-p2c-vpn alibaba-sag-app'
complete -c rollcall -n '__rollcall_in errors' -a 'huawei-p2c-vpn alibaba-sag-app'
