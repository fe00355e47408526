# SPDX-License-Identifier: GPL-2.0-only
#
# Completion of vblade's and vbladed's command line, for bash.

# _vblade_table tells of a command what can be completed, of which the options stand
# in $options. "make completion" writes it from vblade's own table.
_vblade_table() {
	commands="serve add remove apply conf units status top announce"
	named="remove status announce" exported="add" paths="apply conf" # by their arguments
	valued="--announce --buffers --conf --control --count --delay --hwaddr --length --mac --metrics --offset --serial --state -b -d -l -m -n -o" # options, of any command
	files="--conf --control" directories="--state" # those whose value is one
	valued_short=bdlmno
	case $1 in
	serve) options="--announce --control --help --metrics --replace -h" ;;
	add) options="--announce --buffers --conf --control --direct --exclusive --fail-stop --force --help --hwaddr --length --mac --offset --read-only --serial --state --sync -b -d -h -l -m -o -r -s" ;;
	remove) options="--conf --control --help -h" ;;
	apply) options="--control --dry-run --help --state -h" ;;
	conf) options="--help --own-process -h" ;;
	units) options="--help -h" ;;
	status) options="--control --help --json -h" ;;
	top) options="--control --count --delay --help -d -h -n" ;;
	announce) options="--control --help -h" ;;
	*) options="--announce --buffers --conf --direct --exclusive --fail-stop --force --help --hwaddr --length --mac --metrics --offset --read-only --serial --state --sync --version -b -d -h -l -m -o -r -s" ;;
	esac
}

# _vblade_has tells whether a word is in a list of words.
_vblade_has() {
	[[ " $1 " == *" $2 "* ]]
}

# _vblade_exports prints the exports of the server, at the control socket that the
# command line names.
_vblade_exports() {
	local i control=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--control)
			((i++))
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			control=(--control "${COMP_WORDS[i]}")
			;;
		esac
	done
	"${COMP_WORDS[0]}" status "${control[@]}" 2>/dev/null | sed '1d; /^$/,$d; s/ .*//'
}

_vblade() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i first=1 arguments=0 command='' kind
	local commands options valued files directories named exported paths valued_short
	COMPREPLY=()
	_vblade_table ''
	if [[ ${COMP_WORDS[0]##*/} == vblade && $COMP_CWORD -gt 1 ]] && _vblade_has "$commands" "${COMP_WORDS[1]}"; then
		command=${COMP_WORDS[1]} first=2
		_vblade_table "$command"
	fi
	if _vblade_has "$directories" "$before"; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
	elif _vblade_has "$files" "$before"; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	elif _vblade_has "$valued" "$before"; then
		return
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		return
	fi
	# The words before this one that are neither options nor their values.
	for ((i = first; i < COMP_CWORD; i++)); do
		if _vblade_has "$valued" "${COMP_WORDS[i]}" || [[ ${COMP_WORDS[i]} =~ ^-[a-z]*[$valued_short]$ ]]; then
			((i++))
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			# bash takes a MAC or an address apart at its colons.
			while [[ ${COMP_WORDS[i + 1]-} == : ]]; do ((i += 2)); done
		elif [[ ${COMP_WORDS[i]} != -* ]]; then
			((arguments++))
		fi
	done
	if _vblade_has "$named" "$command"; then
		kind=named
	elif [[ $command == '' ]] || _vblade_has "$exported" "$command"; then
		kind=exported
	elif _vblade_has "$paths" "$command"; then
		kind=paths
	fi
	case $kind$arguments in
	exported0)
		[[ ${COMP_WORDS[0]##*/} != vblade || $COMP_CWORD -ne 1 ]] ||
			mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
		;;
	named0) mapfile -t COMPREPLY < <(compgen -W "$(_vblade_exports)" -- "$word") ;;
	exported2) # the last of a list
		mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" -W "$(ls /sys/class/net)" -- "${word##*,}")
		;;
	exported3 | paths*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}
complete -F _vblade vblade vbladed
