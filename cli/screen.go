package cli

import (
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Screen is what the place that results are written to can show.
type Screen struct {
	Terminal bool // people look at it as it is written
	Width    int  // columns; 0: no limit
	Colour   bool
}

// screenOf looks at a writer. Colours need a terminal that knows them, and
// nobody who set NO_COLOR (no-color.org).
func screenOf(w io.Writer) Screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Screen{}
	}
	s := Screen{Terminal: true, Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 20 {
		s.Width = n
	}
	return s
}

// Colours of the words that matter at a glance.
var colours = map[string]string{
	"critical": "1;97;41", "high": "1;31", "medium": "33", "low": "36", "info": "2",
	"failed": "1;31", "received": "33", "discarded": "2", "processed": "32",
	"declined": "2", "closed": "2", "notice": "36", "silenced": "2",
}

// paint colours a cell that is one of the known words; others stay as they are.
func (s Screen) paint(cell string) string {
	code := colours[strings.TrimSpace(cell)]
	if !s.Colour || code == "" {
		return cell
	}
	word := strings.TrimRight(cell, " ")
	return "\x1b[" + code + "m" + word + "\x1b[0m" + cell[len(word):]
}

// bold sets a heading off.
func (s Screen) bold(text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// table is rows of cells under a heading. Cells are cleaned when they are added.
type table struct {
	head []string
	flex map[int]int // column → least width, of columns that may be cut to fit a screen
	rows [][]string
}

func (t *table) add(cells ...string) {
	for i, c := range cells {
		cells[i] = clean(c)
	}
	t.rows = append(t.rows, cells)
}

const gap = 2 // columns between cells

// write prints the table, aligned by what a terminal shows. Where the screen is
// too narrow, flexible columns are cut, the widest first.
func (t *table) write(w io.Writer, s Screen) error {
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = columns(h)
	}
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], columns(c))
		}
	}
	t.fit(widths, s.Width)
	var b strings.Builder
	line := func(row []string, paint func(string) string) {
		for i, c := range row {
			c = cut(c, widths[i])
			if i < len(row)-1 {
				c += strings.Repeat(" ", widths[i]-columns(c)+gap)
			}
			b.WriteString(paint(c))
		}
		b.WriteByte('\n')
	}
	line(t.head, s.bold)
	for _, row := range t.rows {
		line(row, s.paint)
	}
	_, err := io.WriteString(w, trimLines(b.String()))
	return err
}

// trimLines takes the blanks off the ends of lines, which empty last cells leave.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func (t *table) fit(widths []int, screen int) {
	if screen == 0 {
		return
	}
	total := -gap
	for _, n := range widths {
		total += n + gap
	}
	for total > screen {
		widest := -1
		for i, least := range t.flex {
			if widths[i] > least && (widest < 0 || widths[i] > widths[widest] || (widths[i] == widths[widest] && i > widest)) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
		total--
	}
}

// when writes a time in the viewer's zone, with the zone. A time that is not
// known is a dash.
func (e Env) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(e.Zone).Format("2006-01-02 15:04 MST")
}
