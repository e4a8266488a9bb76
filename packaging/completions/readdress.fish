# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_readdress_global_optspecs
    string join \n h/help V/version
end

function __fish_readdress_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_readdress_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_readdress_using_subcommand
    set -l cmd (__fish_readdress_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c readdress -n "__fish_readdress_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_needs_command" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "run" -d 'Run the daemon that serves the MTA'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "demo" -d 'Show the main job, screen by screen; nothing has to be installed'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "check" -d 'Check a rules directory, or files, and show every finding'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "doctor" -d 'Find what is wrong with DNS, the MTA and the daemon, and what to change'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "explain" -d 'Show what happens to an address, and which rules decide'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "who" -d 'Show which addresses, lists and patterns reach an address'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "export" -d 'Write the rules as a table of another program'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "fmt" -d 'Lay out native files: columns, commas, line ends; never their meaning'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "expect" -d 'Test the rules with their expectations (*.expect)'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "import" -d 'Convert another program\'s table to native rules'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "try" -d 'Send the running milter a message as an MTA does, and show its changes'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "status" -d 'Show what the running daemon serves, and what is wrong'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "reload" -d 'Make the running daemon read its files now, and wait for the result'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "edit" -d 'Edit a rules file, see what that changes, then save it with a reason'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "history" -d 'List the tables that went live: when, by whom, why'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "diff" -d 'Show whose mail another table delivers elsewhere, and where'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "blame" -d 'Show since when an address is what it is, who did it, and why'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "rollback" -d 'Go back to a table of the history, until you end that'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "accept" -d 'Let a table go live that is held back'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "config" -d 'Show the settings in force, and where each comes from'
complete -c readdress -n "__fish_readdress_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c readdress -n "__fish_readdress_using_subcommand run" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand run" -s r -l rules -d 'Rules directory, instead of the configured one' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand run" -s l -l listen -d 'Milter socket, instead of the configured ones (may be repeated)' -r
complete -c readdress -n "__fish_readdress_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand run" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand demo" -l pause -d 'Wait for Enter after each screen, also without a terminal'
complete -c readdress -n "__fish_readdress_using_subcommand demo" -l no-pause -d 'Do not wait, also on a terminal; the last screen, yours, is left out'
complete -c readdress -n "__fish_readdress_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand demo" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand check" -l as -d 'Read the file as if it had this name or extension (rules, virtual, csv)' -r
complete -c readdress -n "__fish_readdress_using_subcommand check" -l in -d 'Check the files with those of DIR; they replace files of the same name' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand check" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand check" -l format -d 'How findings are printed' -r -f -a "text\t'For people: the place, the line, a caret'
json\t'One JSON object a line, the last one a summary'
github\t'Commands of GitHub\'s workflows'
sarif\t'SARIF 2.1.0'"
complete -c readdress -n "__fish_readdress_using_subcommand check" -l strict -d 'Warnings count as errors'
complete -c readdress -n "__fish_readdress_using_subcommand check" -l fix -d 'Ask before each change that findings suggest, and make it'
complete -c readdress -n "__fish_readdress_using_subcommand check" -l yes -d 'Make all changes of --fix without asking'
complete -c readdress -n "__fish_readdress_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand check" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -s r -l rules -d 'Rules directory, instead of the configured one' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -s l -l listen -d 'Milter socket, instead of the configured ones (may be repeated)' -r
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l dns -d 'DNS server [default: those of /etc/resolv.conf]' -r
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l postconf -d 'Postfix\'s postconf [default: looked for]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l postfix-config -d 'Directory of Postfix\'s main.cf [default: postconf\'s own]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l sendmail-cf -d 'Sendmail\'s configuration [default: /etc/mail/sendmail.cf]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l probe -d 'Ask the MTA by SMTP about addresses of every domain; nothing is sent' -r
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l print -d 'Write the lines that connect an MTA to this table, and check nothing' -r -f -a "postfix\t'Lines for main.cf'
sendmail\t'Lines for sendmail.mc'"
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l format -d 'How findings are printed' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -l strict -d 'Treat warnings as errors'
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand explain" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand explain" -s g -l generation -d 'A table of the history instead of the files: its number' -r
complete -c readdress -n "__fish_readdress_using_subcommand explain" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand explain" -l live -d 'Ask the running daemon instead of the files'
complete -c readdress -n "__fish_readdress_using_subcommand explain" -l json -d 'One JSON object per line'
complete -c readdress -n "__fish_readdress_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand explain" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand who" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand who" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand who" -l live -d 'Ask the running daemon instead of the files'
complete -c readdress -n "__fish_readdress_using_subcommand who" -l json -d 'One JSON object per line'
complete -c readdress -n "__fish_readdress_using_subcommand who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand who" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand export" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand export" -s d -l domain -d 'Secondary domain to show in replies (generic, genericstable)' -r
complete -c readdress -n "__fish_readdress_using_subcommand export" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand export" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand fmt" -l check -d 'Change nothing; exit status 1 if something would change'
complete -c readdress -n "__fish_readdress_using_subcommand fmt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand fmt" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand expect" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand expect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand expect" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand import" -s o -l output -d 'Write the rules here instead of to standard output' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand import" -l encoding -d 'Encoding, if the file does not show it: windows-1252, latin1' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l myorigin -d 'Domain for addresses without one: Postfix\'s myorigin' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l mydomain -d 'Domain to add to domains without a dot: Postfix\'s mydomain' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l local-domain -d 'Domain of local users without a domain' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l virtuser-domains -d 'Sendmail\'s virtuser-domains: addresses not listed there do not exist' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand import" -l local-host-names -d 'Sendmail\'s local-host-names: the MTA knows their other users' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand import" -l relay-domains -d 'Sendmail\'s relay-domains: the next hop knows their other users' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand import" -l mv-sep -d 'Separator within a cell (Exchange 5.5) [default: %]' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l column-sep -d 'Separator of cells: a character, tab, space or a decimal code' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l quote -d 'Quote around cells [default: "]' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l primary-from -d 'Primary address if there is none: alias@DOMAIN or upn' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -l primary-domain -d 'Primary domain of an Exchange 5.5 routing table (may be repeated)' -r
complete -c readdress -n "__fish_readdress_using_subcommand import" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand import" -l dry-run -d 'Findings and counts only'
complete -c readdress -n "__fish_readdress_using_subcommand import" -l partial -d 'Write the rules that could be read, in spite of errors'
complete -c readdress -n "__fish_readdress_using_subcommand import" -l no-source -d 'No comment `# source: FILE:LINE` after each rule'
complete -c readdress -n "__fish_readdress_using_subcommand import" -l keep-onmicrosoft -d 'Keep addresses in *.onmicrosoft.com'
complete -c readdress -n "__fish_readdress_using_subcommand import" -l skip-disabled -d 'Skip disabled accounts (shared mailboxes are disabled accounts)'
complete -c readdress -n "__fish_readdress_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand import" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand try" -s f -l from -d 'Sender, with parameters if needed: "s@example.com SMTPUTF8"' -r
complete -c readdress -n "__fish_readdress_using_subcommand try" -s r -l rcpt -d 'Recipient, with parameters if needed: "jd@domain2.com NOTIFY=NEVER" (may be repeated)' -r
complete -c readdress -n "__fish_readdress_using_subcommand try" -s m -l milter -d 'Milter socket [default: the first configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand try" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand try" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand try" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand status" -s s -l socket -d 'Control socket [default: the configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand status" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand status" -l ready -d 'For probes: exit status 0 if a table is live, whatever else is wrong'
complete -c readdress -n "__fish_readdress_using_subcommand status" -l json -d 'One JSON object'
complete -c readdress -n "__fish_readdress_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand status" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand reload" -s m -l message -d 'Why, for the history' -r
complete -c readdress -n "__fish_readdress_using_subcommand reload" -s s -l socket -d 'Control socket [default: the configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand reload" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand reload" -l json -d 'One JSON object'
complete -c readdress -n "__fish_readdress_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand reload" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand edit" -s m -l message -d 'Why, for the history; without it you are asked' -r
complete -c readdress -n "__fish_readdress_using_subcommand edit" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand edit" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand edit" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand history" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand history" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand history" -s a -l all -d 'All generations, not only the last 20'
complete -c readdress -n "__fish_readdress_using_subcommand history" -l json -d 'One JSON object per line'
complete -c readdress -n "__fish_readdress_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand history" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s r -l rules -d 'The files to compare: this directory, instead of the configured one' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s v -l verbose -d 'The lines of the rules as well'
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s a -l all -d 'All addresses, not only the first 100'
complete -c readdress -n "__fish_readdress_using_subcommand diff" -l json -d 'One JSON object per line'
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand diff" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand blame" -s r -l rules -d 'Rules directory [default: the configured one]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand blame" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand blame" -l json -d 'One JSON object per line'
complete -c readdress -n "__fish_readdress_using_subcommand blame" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand blame" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -s m -l message -d 'Why, for the history' -r
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -s s -l socket -d 'Control socket [default: the configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -l end -d 'End the rollback: the files count again'
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -l json -d 'One JSON object'
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand rollback" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand accept" -s m -l message -d 'Why, for the history' -r
complete -c readdress -n "__fish_readdress_using_subcommand accept" -s s -l socket -d 'Control socket [default: the configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand accept" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand accept" -l json -d 'One JSON object'
complete -c readdress -n "__fish_readdress_using_subcommand accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand accept" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand config" -s s -l socket -d 'Control socket [default: the configured one]' -r
complete -c readdress -n "__fish_readdress_using_subcommand config" -s c -l config -d 'Configuration file [default: /etc/readdress/readdress.toml]' -r -F
complete -c readdress -n "__fish_readdress_using_subcommand config" -l json -d 'One JSON object'
complete -c readdress -n "__fish_readdress_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c readdress -n "__fish_readdress_using_subcommand config" -s V -l version -d 'Print version'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "run" -d 'Run the daemon that serves the MTA'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "demo" -d 'Show the main job, screen by screen; nothing has to be installed'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "check" -d 'Check a rules directory, or files, and show every finding'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "doctor" -d 'Find what is wrong with DNS, the MTA and the daemon, and what to change'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "explain" -d 'Show what happens to an address, and which rules decide'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "who" -d 'Show which addresses, lists and patterns reach an address'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "export" -d 'Write the rules as a table of another program'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "fmt" -d 'Lay out native files: columns, commas, line ends; never their meaning'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "expect" -d 'Test the rules with their expectations (*.expect)'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "import" -d 'Convert another program\'s table to native rules'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "try" -d 'Send the running milter a message as an MTA does, and show its changes'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "status" -d 'Show what the running daemon serves, and what is wrong'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "reload" -d 'Make the running daemon read its files now, and wait for the result'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "edit" -d 'Edit a rules file, see what that changes, then save it with a reason'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "history" -d 'List the tables that went live: when, by whom, why'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "diff" -d 'Show whose mail another table delivers elsewhere, and where'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "blame" -d 'Show since when an address is what it is, who did it, and why'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "rollback" -d 'Go back to a table of the history, until you end that'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "accept" -d 'Let a table go live that is held back'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "config" -d 'Show the settings in force, and where each comes from'
complete -c readdress -n "__fish_readdress_using_subcommand help; and not __fish_seen_subcommand_from run demo check doctor explain who export fmt expect import try status reload edit history diff blame rollback accept config help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
