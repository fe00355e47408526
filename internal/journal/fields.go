// SPDX-License-Identifier: GPL-2.0-only

package journal

import (
	"fmt"
	"path"
)

// Export, Link and Initiator are arguments of a line that say what it is about.
// They are printed verbatim, and the systemd journal also gets them as fields.
type (
	Export    string // a name, such as e9.0
	Link      string // the name of an interface
	Initiator string // an Ethernet address
)

// Field is a field of a line in the systemd journal.
type Field struct{ Name, Value string }

// Fielder is an argument of a line with fields.
type Fielder interface{ Fields() []Field }

// fieldExport is the field of an export.
const fieldExport = "EXPORT"

// Fields has EXPORT.
func (e Export) Fields() []Field { return []Field{{fieldExport, string(e)}} }

// Fields has LINK.
func (l Link) Fields() []Field { return []Field{{"LINK", string(l)}} }

// Fields has INITIATOR.
func (i Initiator) Fields() []Field { return []Field{{"INITIATOR", string(i)}} }

// SetConf makes lines about an export name its conf file, in their text and in
// the field CONF. An empty path undoes that.
func (j *Journal) SetConf(export, conf string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if conf == "" {
		delete(j.confs, export)
		return
	}
	j.confs[export] = conf
}

// confOf returns the conf file that SetConf has named, if any.
func (j *Journal) confOf(export string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.confs[export]
}

// compose returns the text of a line and its fields.
func (j *Journal) compose(format string, a []any) (text string, fields []Field) {
	shown := append([]any(nil), a...)
	for i, arg := range a {
		about, ok := arg.(Fielder)
		if !ok {
			continue
		}
		for _, f := range about.Fields() {
			fields = append(fields, f)
			if f.Name != fieldExport {
				continue
			}
			if conf := j.confOf(f.Value); conf != "" {
				fields = append(fields, Field{"CONF", conf})
				shown[i] = fmt.Sprintf("%v (%s)", arg, path.Base(conf))
			}
		}
	}
	return fmt.Sprintf(format, shown...), fields
}
