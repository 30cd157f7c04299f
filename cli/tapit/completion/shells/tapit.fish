# tapit's completion for fish. Files and folders are what fish itself offers behind a command that it knows nothing of.
function __tapit_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    for line in (command tapit __complete $words[2..-1] (string replace -ra '["\']' '' -- $token) 2>/dev/null)
        switch $line
            case ':files*'
                complete -C "__tapit_files $token"
            case ':folders*'
                complete -C "__tapit_files $token" | string match -r '.*/$'
            case '*'
                echo $line
        end
    end
end
complete -c tapit -e
complete -c tapit -k -f -a '(__tapit_complete)'
