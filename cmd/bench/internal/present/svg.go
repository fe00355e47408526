// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"fmt"
	"html"
	"strings"
)

// drawing is an SVG image under construction. Classes are styled in style.
type drawing struct{ b strings.Builder }

// style gives the classes of a drawing their colours, for light and dark.
const style = `
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #3d444d; }
.ground { fill: #ffffff; }
.title { font-size: 16px; font-weight: 600; fill: #1f2328; }
.panel { font-size: 13px; font-weight: 600; fill: #1f2328; }
.grid { stroke: #d9dee4; stroke-width: 1; }
.axis { stroke: #818b98; stroke-width: 1; }
.ours { stroke: #0969da; } .C { stroke: #bc4c00; }
polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.fio { stroke: #818b98; stroke-dasharray: 4 3; }
circle.ours { fill: #0969da; stroke: none; } circle.C { fill: #bc4c00; stroke: none; } circle.fio { fill: #818b98; stroke: none; }
text.fio { fill: #6e7681; stroke: none; }
text.ours { fill: #0969da; font-weight: 600; stroke: none; } text.C { fill: #bc4c00; font-weight: 600; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #b7bdc8; }
  .ground { fill: #0d1117; }
  .title, .panel { fill: #f0f6fc; }
  .grid { stroke: #2a313c; }
  .axis { stroke: #6e7681; }
  text.fio { fill: #8b949e; }
  .ours { stroke: #58a6ff; } .C { stroke: #f0883e; }
  circle.ours, text.ours { fill: #58a6ff; } circle.C, text.C { fill: #f0883e; }
}
`

// newDrawing begins a drawing of a size, with a description for screen readers.
func newDrawing(width, height float64, description string) *drawing {
	d := new(drawing)
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString(description))
	d.b.WriteString("<!-- SPDX-License-Identifier: GPL-2.0-only -->\n")
	fmt.Fprintf(&d.b, "<style>%s</style>\n", style)
	fmt.Fprintf(&d.b, `<rect class="ground" width="%g" height="%g" rx="6"/>`+"\n", width, height)
	return d
}

// text writes words; anchor is start, middle or end.
func (d *drawing) text(x, y float64, class, anchor, words string) {
	fmt.Fprintf(&d.b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, html.EscapeString(words))
}

// line draws a straight line.
func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

// curve draws a line through points, each with a dot.
func (d *drawing) curve(points [][2]float64, class string) {
	fmt.Fprintf(&d.b, `<polyline class="%s" points="`, class)
	for _, p := range points {
		fmt.Fprintf(&d.b, "%.1f,%.1f ", p[0], p[1])
	}
	d.b.WriteString("\"/>\n")
	for _, p := range points {
		fmt.Fprintf(&d.b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3.5"/>`+"\n", class, p[0], p[1])
	}
}

// String ends the drawing and returns it.
func (d *drawing) String() string { return d.b.String() + "</svg>\n" }
