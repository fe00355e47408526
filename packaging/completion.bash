# SPDX-License-Identifier: GPL-2.0-only
#
# Completion of vblade's and vbladed's command line, for bash.

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
	"${COMP_WORDS[0]}" status "${control[@]}" 2>/dev/null | sed '1d; s/ .*//'
}

_vblade() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i first=1 arguments=0 command='' options
	COMPREPLY=()
	if [[ ${COMP_WORDS[0]##*/} == vblade && $COMP_CWORD -gt 1 ]]; then
		case ${COMP_WORDS[1]} in
		serve | add | remove | status) command=${COMP_WORDS[1]} first=2 ;;
		esac
	fi
	case $before in
	-b | -l | -m | -o | --buffers | --hwaddr | --length | --mac | --metrics | --offset | --serial) return ;;
	--state)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--control)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	esac
	if [[ $word == -* ]]; then
		options="-b -d -l -m -o -r -s --buffers --direct --exclusive --fail-stop --force --hwaddr --length --mac --offset --read-only --serial --state --sync"
		case $command in
		'') options="$options --metrics --version" ;;
		serve) options="--control --metrics --replace" ;;
		add) options="$options --control" ;;
		remove) options="--control" ;;
		status) options="--control --json" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options -h --help" -- "$word")
		return
	fi
	# The words before this one that are neither options nor their values.
	for ((i = first; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-[blmo] | -[drs][blmo] | -[drs][drs][blmo] | --buffers | --control | --hwaddr | --length | --mac | --metrics | --offset | --serial | --state)
			((i++))
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			# bash takes a MAC or an address apart at its colons.
			while [[ ${COMP_WORDS[i + 1]-} == : ]]; do ((i += 2)); done
			;;
		-*) ;;
		*) ((arguments++)) ;;
		esac
	done
	case $command$arguments in
	0)
		[[ ${COMP_WORDS[0]##*/} != vblade || $COMP_CWORD -ne 1 ]] ||
			mapfile -t COMPREPLY < <(compgen -W "serve add remove status" -- "$word")
		;;
	remove0 | status0) mapfile -t COMPREPLY < <(compgen -W "$(_vblade_exports)" -- "$word") ;;
	2 | add2) # the last of a list
		mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" -W "$(ls /sys/class/net)" -- "${word##*,}")
		;;
	3 | add3)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}
complete -F _vblade vblade vbladed
