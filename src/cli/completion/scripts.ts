export type Shell = 'bash' | 'zsh' | 'fish';

/**
 * What a shell has to be told once. Each time it asks `fleet complete`, which answers a word a line, and after a tab what
 * it is; where it answers nothing, files are offered.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of fleet for bash: source <(fleet completion bash)
_fleet() {
	local line=\${COMP_LINE:0:COMP_POINT} current kept='' mark
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	current=\${words[-1]}
	mapfile -t COMPREPLY < <(fleet complete -- "\${words[@]:1}" 2>/dev/null | cut -f1)
	# bash replaces only what follows the last of its own breaks.
	for mark in = : @; do
		[[ $COMP_WORDBREAKS == *"$mark"* && \${current#"$kept"} == *"$mark"* ]] || continue
		kept=\${current%"\${current##*"$mark"}"}
	done
	COMPREPLY=("\${COMPREPLY[@]#"$kept"}")
}
complete -o default -F _fleet fleet
`,
  zsh: `#compdef fleet
# Completion of fleet for zsh: source <(fleet completion zsh)
_fleet() {
	local line
	local -a values shown
	for line in "\${(@f)$(fleet complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		[[ -n $line ]] || continue
		values+=("\${line%%$'\\t'*}")
		shown+=("\${line/$'\\t'/  }")
	done
	if (( $#values )); then
		compadd -l -d shown -- "\${(@)values}"
	else
		_files
	fi
}
# Autoloaded from a folder of functions it is called, else it is told of.
if [[ $funcstack[1] == _fleet ]]; then _fleet "$@"; else compdef _fleet fleet; fi
`,
  fish: `# Completion of fleet for fish: fleet completion fish | source
function __fleet_complete
    set -l found (fleet complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c fleet -f -a '(__fleet_complete)'
`,
};
