package intake

import (
	"bytes"
	"strconv"
	"strings"

	"yagura/alert"
)

// sequence reads one JSON text or several behind one another: lines (NDJSON),
// JSON text sequences, or values without any separator. A broken one is a
// problem; reading goes on at the next line that begins like a value.
func (d *decoder) sequence(b []byte, at place, due bool) {
	first := skipSpace(b, 0)
	if first < len(b) && (b[first] == '{' || b[first] == '[') {
		end, deep, bad := scanValue(b, first)
		if bad == nil && len(bytes.TrimRight(b[end:], " \t\r\n\x00\x1e")) == 0 {
			if deep >= 0 {
				d.flaw(b, at.path, tooNested(deep))
				return
			}
			d.value(b[first:end], at)
			return
		}
	}
	s := splitter{b: b, work: 4 * len(b)}
	s.run()
	if !s.found && !due && !looksJSON(b[first:]) {
		d.emit(bytes.TrimSpace(b), true, at)
		return
	}
	if len(s.values) > 0 && d.tooDeep(at) {
		d.emit(bytes.TrimSpace(b), true, at)
		return
	}
	line, counted := 1, 0
	for n, v := range s.values {
		line += bytes.Count(b[counted:v[0]], []byte{'\n'})
		counted = v[0]
		place := at.part(n).in("ndjson", "line "+strconv.Itoa(line))
		if isString(b[v[0]:]) {
			d.quoted(b[v[0]:v[1]], place, place.path)
			continue
		}
		d.value(b[v[0]:v[1]], place)
	}
	d.dropped += s.more
	for _, f := range s.flaws {
		d.flaw(b, at.path, f)
	}
	d.unnamed += s.unnamed
}

func tooNested(at int) flaw {
	return flaw{at, "objects and arrays nest more than " + strconv.Itoa(MaxNesting) + " deep"}
}

// looksJSON reports whether a text begins as only JSON does: with {" or {} or
// with brackets around such an object.
func looksJSON(b []byte) bool {
	i := 0
	for i < len(b) && b[i] == '[' {
		i = skipSpace(b, i+1)
	}
	if i >= len(b) {
		return i > 0
	}
	if b[i] != '{' {
		return false
	}
	i = skipSpace(b, i+1)
	return i >= len(b) || b[i] == '"' || b[i] == '}'
}

// mostlyJSON reports whether most lines of a text that begins otherwise are
// objects: lines of JSON whose first is broken.
func mostlyJSON(b []byte) bool {
	objects, others := 0, 0
	for line := range bytes.Lines(b) {
		line = bytes.Trim(line, " \t\r\n\x1e")
		switch {
		case len(line) == 0:
		case line[0] == '{' && line[len(line)-1] == '}' && looksJSON(line):
			objects++
		default:
			others++
		}
	}
	return objects > others
}

// splitter finds the values of a sequence.
type splitter struct {
	b       []byte
	values  [][2]int // where each begins and ends
	flaws   []flaw
	found   bool // an object, or an array that holds objects
	more    int  // values over alert.MaxPerDelivery
	unnamed int  // flaws over maxProblems
	work    int  // bytes that may still be read looking for the end of a value that spans lines
}

func (s *splitter) run() {
	b := s.b
	broken := false // the last value broke: what follows may be its rest
	for i := 0; ; {
		for i < len(b) && (strings.IndexByte(" \t\r\n\x1e\x00", b[i]) >= 0 || b[i] == ',' && !broken && len(s.values) > 0) {
			i++
		}
		if i >= len(b) {
			return
		}
		c := b[i]
		indented := i > 0 && (b[i-1] == ' ' || b[i-1] == '\t')
		if broken && (indented || c == '}' || c == ']' || c == ',' || c == '"') {
			i = nextLine(b, i)
			continue
		}
		if c != '{' && c != '[' && c != '"' {
			s.flaw(flaw{i, "expected an object, found " + shown(b, i)})
			i = nextLine(b, i)
			continue
		}
		end, deep, bad := s.scan(i)
		if bad != nil {
			s.flaw(endOfLine(b, i, *bad))
			broken = true
			i = nextLine(b, i)
			continue
		}
		if next := skipSpace(b, end); broken && next < len(b) && (b[next] == ',' || b[next] == ']' || b[next] == '}') {
			i = nextLine(b, end) // a piece of what broke
			continue
		}
		broken = false
		if deep >= 0 {
			s.flaw(tooNested(deep))
		} else {
			s.value(i, end)
		}
		i = end
	}
}

// scan reads the value at i. Once too much was read in vain, values must end
// on their line, so that a hostile text costs no more than a few readings.
func (s *splitter) scan(i int) (end, deep int, bad *flaw) {
	b := s.b
	if s.work <= 0 {
		b = b[:lineEnd(b, i)]
	}
	end, deep, bad = scanValue(b, i)
	if bad != nil {
		s.work -= end - i
	}
	return end, deep, bad
}

func (s *splitter) value(i, end int) {
	if !s.found {
		next := skipSpace(s.b, i+1)
		s.found = s.b[i] == '{' || s.b[i] == '[' && (s.b[next] == '{' || s.b[next] == '[')
	}
	if len(s.values) >= alert.MaxPerDelivery {
		s.more++
		return
	}
	s.values = append(s.values, [2]int{i, end})
}

func (s *splitter) flaw(f flaw) {
	if len(s.flaws) >= maxProblems {
		s.unnamed++
		return
	}
	s.flaws = append(s.flaws, f)
}

// endOfLine moves the flaw of a value that began at i to the end of its line,
// where the next line begins a value of its own: that is the line to mend.
func endOfLine(b []byte, i int, f flaw) flaw {
	end := lineEnd(b, i)
	if f.at > end && end+1 < len(b) && (b[end+1] == '{' || b[end+1] == '[') {
		return flaw{end, "the line ends inside a value"}
	}
	return f
}

func lineEnd(b []byte, i int) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(b)
}

func nextLine(b []byte, i int) int { return min(lineEnd(b, i)+1, len(b)) }
