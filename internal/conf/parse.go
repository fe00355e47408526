// SPDX-License-Identifier: GPL-2.0-only

package conf

import (
	"errors"
	"fmt"
	"strings"
)

// parser reads lines of assignments in the subset of sh without expansion.
type parser struct {
	variables []variable
	number    int    // of the line
	rest      string // of the line
}

// line reads the assignments of a line.
func (p *parser) line(line string) error {
	if strings.ContainsFunc(line, isControl) {
		return errors.New("holds a control character, such as the carriage return or byte order mark of other systems' files; remove it")
	}
	p.rest = line
	for {
		p.skipBlanks()
		if p.rest == "" || p.rest[0] == '#' {
			return nil
		}
		v, err := p.name()
		if err != nil {
			return err
		}
		if err := p.assign(v); err != nil {
			return err
		}
		p.skipBlanks()
		p.rest = strings.TrimPrefix(p.rest, ";")
	}
}

// name takes a NAME= off the line and returns its variable, not set before.
func (p *parser) name() (*variable, error) {
	name, rest, found := strings.Cut(p.rest, "=")
	if !found || name == "" || strings.ContainsFunc(name, notInName) {
		word, _, _ := strings.Cut(strings.ReplaceAll(p.rest, "\t", " "), " ")
		return nil, fmt.Errorf("\"%s\" is not NAME=VALUE; quote values that hold spaces, put none around the =", word)
	}
	p.rest = rest
	var names []string
	for i := range p.variables {
		v := &p.variables[i]
		if v.name != name {
			names = append(names, v.name)
			continue
		}
		if v.set {
			return nil, fmt.Errorf("%s is set a second time", name)
		}
		v.set = true
		return v, nil
	}
	last := len(names) - 1
	return nil, fmt.Errorf("there is no variable %s; there are %s and %s", name, strings.Join(names[:last], ", "), names[last])
}

// assign takes a value off the line and gives it to a variable.
func (p *parser) assign(v *variable) error {
	value, err := p.value()
	if err != nil {
		return err
	}
	if value == "" && !v.mayBeEmpty {
		return fmt.Errorf("%s is empty", v.name)
	}
	if v.check != nil {
		if err := v.check(value); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	*v.value = value
	return nil
}

// value takes a value off the line: words of sh, joined.
func (p *parser) value() (string, error) {
	value := ""
	for p.rest != "" && p.rest[0] != ';' && !isBlank(rune(p.rest[0])) {
		part, err := p.part(value)
		if err != nil {
			return "", err
		}
		value += part
	}
	return value, nil
}

// part takes a part of a value off the line that is quoted in one way; before is
// what came before it.
func (p *parser) part(before string) (string, error) {
	switch c := p.rest[0]; {
	case c == '\'':
		return p.singleQuoted()
	case c == '"':
		return p.doubleQuoted()
	case c == '\\' && len(p.rest) > 1:
		return p.escaped(), nil
	case strings.IndexByte("\\$`&|<>()", c) >= 0, c == '~' && (before == "" || strings.HasSuffix(before, ":")):
		return "", p.special()
	case c == '~':
		return p.take(1), nil
	}
	n := strings.IndexAny(p.rest, " \t;'\"\\$`&|<>()~")
	if n < 0 {
		n = len(p.rest)
	}
	return p.take(n), nil
}

// singleQuoted takes what stands between two '.
func (p *parser) singleQuoted() (string, error) {
	text, rest, closed := strings.Cut(p.rest[1:], "'")
	if !closed {
		return "", errors.New("a ' without a second one")
	}
	p.rest = rest
	return text, nil
}

// doubleQuoted takes what stands between two ".
func (p *parser) doubleQuoted() (string, error) {
	p.take(1)
	text := ""
	for p.rest != "" {
		switch c := p.rest[0]; {
		case c == '"':
			p.take(1)
			return text, nil
		case c == '\\' && len(p.rest) > 1 && strings.IndexByte("\\\"$`", p.rest[1]) >= 0:
			text += p.escaped()
		case c == '$' || c == '`':
			return "", p.special()
		default:
			text += p.take(1)
		}
	}
	return "", errors.New(`a " without a second one`)
}

// escaped takes a \ and what it escapes, a whole character.
func (p *parser) escaped() string {
	p.take(1)
	for i := range p.rest {
		if i > 0 {
			return p.take(i)
		}
	}
	return p.take(len(p.rest))
}

// special says that sh would not take the next character as it stands.
func (p *parser) special() error {
	return fmt.Errorf("%c stands for something else in sh, which is not done here; put '' around the value", p.rest[0])
}

// take takes n bytes off the line.
func (p *parser) take(n int) (taken string) {
	taken, p.rest = p.rest[:n], p.rest[n:]
	return taken
}

// skipBlanks takes the blanks off the line's beginning.
func (p *parser) skipBlanks() { p.rest = strings.TrimLeftFunc(p.rest, isBlank) }

// isBlank reports whether a character separates words.
func isBlank(r rune) bool { return r == ' ' || r == '\t' }

// isControl reports whether a character has no place in a conf file.
func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\ufeff' }

// notInName reports whether a character cannot be part of a variable's name.
func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
