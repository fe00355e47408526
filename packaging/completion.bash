# SPDX-License-Identifier: GPL-2.0-only
#
# Completion of vblade's and vbladed's command line, for bash.

_vblade() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i arguments=0
	COMPREPLY=()
	case $before in
	-b | -l | -m | -o | --buffers | --length | --mac | --metrics | --offset) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "-b -d -h -l -m -o -r -s --buffers --direct --force --help
			--length --mac --metrics --offset --read-only --sync --version" -- "$word")
		return
	fi
	# The words before this one that are neither options nor their values.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-[blmo] | -[drs][blmo] | -[drs][drs][blmo] | --buffers | --length | --mac | --metrics | --offset)
			((i++))
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			# bash takes a MAC or an address apart at its colons.
			while [[ ${COMP_WORDS[i + 1]-} == : ]]; do ((i += 2)); done
			;;
		-*) ;;
		*) ((arguments++)) ;;
		esac
	done
	case $arguments in
	2) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$word") ;;
	3)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}
complete -F _vblade vblade vbladed
