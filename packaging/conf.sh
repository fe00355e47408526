# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads a conf file of vblade-persistence(5) without executing it. Sourced by
# vblade-export, whose unit forbids pipes (no command substitution here, no
# here-document), and by vblade-generator.
#
# The file is lines of NAME=VALUE, quoted as in sh. What sh would execute or
# expand, and every name that means nothing, is an error: an export with half of
# its options could be served for writing where it must not be.

# read_conf sets shelf, slot, netif, filename, options and ionice by the conf
# file $1; those that it does not name are empty. Where the file is wrong it says
# on standard error what is, in which line, and returns 1.
read_conf() {
	conf=$1 number=0 names=' '
	shelf='' slot='' netif='' filename='' options='' ionice=''
	if ! [ -f "$conf" ]; then
		echo "vblade: $conf: no such file" >&2
		return 1
	fi
	while IFS= read -r rest || [ -n "$rest" ]; do
		number=$((number + 1))
		read_line || return 1
	done <"$conf"
	for name in shelf slot netif filename; do
		case $names in *" $name "*) continue ;; esac
		echo "vblade: $conf: $name is not set" >&2
		return 1
	done
}

# wrong says what is wrong with the line, and fails.
wrong() {
	echo "vblade: $conf: line $number: $*" >&2
	return 1
}

# read_line reads the assignments in $rest.
read_line() {
	check_characters || return 1
	while :; do
		skip_blanks
		case $rest in '' | '#'*) return ;; esac
		name=${rest%%[!A-Za-z0-9_]*}
		case ${rest#"$name"} in =*) ;; *) name='' ;; esac
		case $name in
		shelf | slot | netif | filename | options | ionice) ;;
		'')
			wrong "\"${rest%%[[:blank:]]*}\" is not NAME=VALUE; quote values that hold spaces, put none around the ="
			return 1
			;;
		*)
			wrong "there is no variable $name; there are shelf, slot, netif, filename, options and ionice"
			return 1
			;;
		esac
		case $names in *" $name "*)
			wrong "$name is set a second time"
			return 1
			;;
		esac
		names="$names$name "
		rest=${rest#*=}
		read_value || return 1
		assign
		skip_blanks
		rest=${rest#;}
	done
}

# check_characters refuses control characters but for tabs: a carriage return would
# be part of the value.
check_characters() {
	left=$rest
	while :; do
		left=${left#"${left%%[[:cntrl:]]*}"}
		case $left in
		'') return ;;
		[[:blank:]]*) left=${left#?} ;;
		*)
			wrong "holds a control character, such as the carriage return of other systems' files; remove it"
			return 1
			;;
		esac
	done
}

# read_value takes a value off $rest: words of sh, joined.
read_value() {
	value=''
	while :; do
		case $rest in
		'' | [[:blank:]\;]*)
			[ -n "$value" ] || [ "$name" = options ] || [ "$name" = ionice ] || wrong "$name is empty"
			return
			;;
		\'*) single_quoted || return 1 ;;
		\"*) double_quoted || return 1 ;;
		\\?*) take_escaped ;;
		\\ | [\$\`\&\|\<\>\(\)]*)
			special
			return 1
			;;
		\~*)
			case $value in '' | *:)
				special
				return 1
				;;
			esac
			take \~
			;;
		*) take "${rest%%[[:blank:]\;\'\"\\\$\`\&\|\<\>\(\)\~]*}" ;;
		esac
	done
}

# skip_blanks takes the blanks off the beginning of $rest.
skip_blanks() {
	rest=${rest#"${rest%%[![:blank:]]*}"}
}

# special says that sh would not take the next character as it stands.
special() {
	wrong "${rest%"${rest#?}"} stands for something else in sh, which is not done here; put '' around the value"
}

# take moves the beginning $1 of $rest to the value.
take() {
	value=$value$1
	rest=${rest#"$1"}
}

# take_escaped moves the character after a backslash.
take_escaped() {
	rest=${rest#?}
	take "${rest%"${rest#?}"}"
}

# single_quoted takes what stands between two '.
single_quoted() {
	rest=${rest#?}
	case $rest in *\'*) ;; *)
		wrong "a ' without a second one"
		return 1
		;;
	esac
	take "${rest%%\'*}"
	rest=${rest#?}
}

# double_quoted takes what stands between two ".
double_quoted() {
	rest=${rest#?}
	while :; do
		case $rest in
		\"*)
			rest=${rest#?}
			return
			;;
		\\[\\\"\$\`]*) take_escaped ;;
		\\*) take \\ ;;
		'')
			wrong "a \" without a second one"
			return 1
			;;
		[\$\`]*)
			special
			return 1
			;;
		*) take "${rest%%[\"\\\$\`]*}" ;;
		esac
	done
}

# assign gives the variable $name the value.
# shellcheck disable=SC2034 # used by whoever sources this file
assign() {
	case $name in
	shelf) shelf=$value ;;
	slot) slot=$value ;;
	netif) netif=$value ;;
	filename) filename=$value ;;
	options) options=$value ;;
	ionice) ionice=$value ;;
	esac
}
