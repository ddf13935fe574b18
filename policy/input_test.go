package policy_test

import (
	"strings"
	"testing"

	"yagura/policy"
)

func TestMessagesThatAreNoJSONAreRefusedWithThePosition(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"nothing":            {"", "line 1, column 1: the JSON ends too early"},
		"cut off":            {"{\"a\": 1,\n \"b\": [1, 2", "line 2, column 12: the JSON ends too early"},
		"two values":         {"{} {}", "line 1, column 4: there is something after the end"},
		"a missing comma":    {"{\"a\": 1\n\"b\": 2}", "line 2, column 1: a comma or a closing brace"},
		"a word":             {"{\"a\": yes}", "line 1, column 7: this is no JSON value"},
		"an open string":     {`{"a": "b`, "a string is not closed"},
		"a bad escape":       {`{"a": "\q"}`, "no such escape"},
		"a bad number":       {`{"a": 01}`, "does not start with 0"},
		"a bare dot":         {`{"a": 1.}`, "a digit should stand here"},
		"a raw line break":   {"{\"a\": \"b\nc\"}", "control character"},
		"an unread bad part": {`{"unread": {"x": [1, }, "title": "t"}`, "line 1, column 22"},
		"arrays too deep":    {strings.Repeat("[", 201) + strings.Repeat("]", 201), "line 1, column 201: nested deeper than 200 levels"},
		"objects too deep":   {strings.Repeat(`{"a":`, 100000), "column 1001: nested deeper than 200 levels"},
	}
	set := load(t, "package ingest.demo\nalerts contains {\"title\": input.title}")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := set.Ingest(t.Context(), policy.Message{Kind: "demo", Body: []byte(tt.body)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
		})
	}
}

func TestNestingJustWithinTheLimitIsRead(t *testing.T) {
	t.Parallel()
	got := ingest(t, "package ingest.demo\nalerts contains {\"title\": \"deep\", \"attributes\": {\"all\": input}}",
		strings.Repeat("[", 200)+strings.Repeat("]", 200))
	if len(got.Drafts) != 1 || got.Drafts[0].Attributes[0].Value != strings.Repeat("[", 200)+strings.Repeat("]", 200) {
		t.Errorf("got %+v", got)
	}
}

// DESK-09
func TestNumbersAndTextArriveExactly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ value, want string }{
		"over 2^53":          {`9007199254740993`, "9007199254740993"},
		"over 2^64":          {`98765432109876543210`, "98765432109876543210"},
		"a long fraction":    {`0.1234567890123456789`, "0.1234567890123456789"},
		"trailing zeros":     {`1.50`, "1.50"},
		"an exponent":        {`1e3`, "1e3"},
		"minus zero":         {`-0`, "-0"},
		"escapes":            {`"\u0041\/\"\\"`, `A/"\`},
		"a surrogate pair":   {`"\ud83d\ude00"`, "😀"},
		"half a pair":        {`"\ude00x"`, "\uFFFDx"},
		"bytes that are not": {"\"a\xff\xfeb\"", "a\uFFFDb"},
		"Japanese":           {`"攻撃"`, "攻撃"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ingest(t, "package ingest.demo\nalerts contains {\"attributes\": {\"v\": input.v}}", "\xef\xbb\xbf{\"v\": "+tt.value+"}\n")
			if v := got.Drafts[0].Attributes[0].Value; v != tt.want {
				t.Errorf("got %q, want %q", v, tt.want)
			}
		})
	}
}

func TestAnObjectOfManyEqualKeysKeepsTheLast(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"o": {`)
	for range 1000 {
		b.WriteString(`"k": 1, "other": 2, "k": 3,`)
	}
	for i := range 100 {
		b.WriteString(`"` + strings.Repeat("x", i+1) + `": 0,`)
	}
	b.WriteString(`"k": "last"}}`)
	got := ingest(t, "package ingest.demo\nalerts contains {\"title\": sprintf(\"%s %d\", [input.o.k, count(input.o)])}", b.String())
	if got.Drafts[0].Title != "last 102" {
		t.Errorf("got %q", got.Drafts[0].Title)
	}
}
