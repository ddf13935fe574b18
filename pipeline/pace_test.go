package pipeline

import (
	"testing"
	"time"
)

func TestPaceTellsAStormFromWork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arriving int64 // a second
		storm    bool
	}{
		"quiet":                         {0, false},
		"as fast as can be processed":   {2000, false},
		"faster, but not half again":    {2900, false},
		"more than half again: a storm": {3100, true},
		"a flood":                       {10_000, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			count := int64(0)
			p := &pace{accepted: func() int64 { return count }, at: start}
			p.note(1000, 500*time.Millisecond)
			count = tt.arriving
			if got := p.storm(start.Add(time.Second)); got != tt.storm {
				t.Errorf("storm: %v, want %v", got, tt.storm)
			}
		})
	}
}

func TestPaceLearnsFromLargeBatchesOnly(t *testing.T) {
	t.Parallel()
	count := int64(0)
	p := &pace{accepted: func() int64 { return count }, at: time.Now()}
	p.note(3, time.Millisecond)
	count = 1 << 40
	if p.storm(p.at.Add(time.Second)) {
		t.Error("a storm, though it is not known what can be processed")
	}
}
