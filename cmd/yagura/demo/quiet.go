package demo

import "time"

const (
	morning = 8 * time.Hour
	evening = 19 * time.Hour
	// late is the end of a day: the night begins with the next one's dusk.
	late = 22*time.Hour + dusk
)

// quiet is a day on which nothing happens: probes from outside, forgotten
// passwords, updates, findings about configuration. On weekends there is less.
func (m *maker) quiet() {
	busy := 3
	if w := m.day.Weekday(); w == time.Saturday || w == time.Sunday {
		busy = 1
	}
	for range 2 + m.rnd.IntN(2+busy) {
		m.suricata("", m.between(dawn, late), pick(m, background), pick(m, outside), host(m.rnd.IntN(hostsScanned)), pick(m, []int{22, 80, 443, 8080}))
	}
	for range 1 + m.rnd.IntN(busy) {
		m.oktaFailed("", m.between(morning, evening), pick(m, people[guessed:]), "192.0.2.5", pick(m, []string{"INVALID_CREDENTIALS", "VERIFICATION_ERROR"}))
	}
	for range 1 + m.rnd.IntN(busy) {
		m.wazuhQuiet(m.between(dawn, evening))
	}
	if m.rnd.IntN(3) == 0 {
		m.guardDutyProbe("", m.between(dawn, late), pick(m, outside), 3+m.rnd.IntN(3), 1, 22)
	}
	if busy > 1 {
		m.githubQuiet(m.between(morning, evening))
		if m.rnd.IntN(2) == 0 {
			m.defenderQuiet(m.between(morning, evening))
		}
		if m.rnd.IntN(4) == 0 {
			m.oktaReset(m.between(morning, evening), pick(m, people))
		}
	}
	m.posture()
	if m.back == 26 || m.back == 12 { // the company's own scanner, twice a month
		for range 2 {
			m.canaryProbe("", m.between(morning, morning+time.Hour), "10.20.0.200", host(canary), 80+m.rnd.IntN(900))
		}
	}
}

// posture are findings about configuration, each found at dawn and some fixed
// days later.
func (m *maker) posture() {
	n := Days - m.back
	m.securityHub(m.at(dawn+10*time.Minute+time.Duration(m.rnd.IntN(600))*time.Second), controls[n%len(controls)], n/len(controls), false)
	if fixed := n - 4; fixed >= 0 && fixed%2 == 0 {
		m.securityHub(m.at(evening+time.Duration(m.rnd.IntN(3000))*time.Second), controls[fixed%len(controls)], fixed/len(controls), true)
	}
}
