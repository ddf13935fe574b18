package alert

import "strings"

// hash takes a token that is a digest, with or without its label.
func (sc *scanner) hash(start, end int) bool {
	s := sc.s
	for end > start && (s[end-1] == '.' || s[end-1] == ':' || s[end-1] == '!' || s[end-1] == '?') {
		end--
	}
	begin := start
	label := ""
	if sc.h.mode == ids {
		return false
	}
	if colon := strings.LastIndexByte(s[start:end], ':'); colon >= 0 {
		begin = start + colon + 1
		label = strings.ToLower(s[start : begin-1])
	}
	digest := s[begin:end]
	if len(digest) != 32 && len(digest) != 40 && len(digest) != 64 || !isHex(digest) || allDigits(digest) {
		return false
	}
	if sc.isDigest(label, start, len(digest)) {
		sc.take(Hash, begin, end)
	}
	return true
}

// isDigest decides by the words before whether hex of that length is a file's
// digest: many products write their ids in the same form.
func (sc *scanner) isDigest(label string, start, length int) bool {
	if sc.h.mode == images {
		return false
	}
	words := wordsBefore(sc.s, start, 4)
	if sc.h.typ == Hash || sc.h.digests == allDigests {
		return !notDigestWords[words[0]] && !notDigestWords[label]
	}
	if label != "" && label != "md5" && label != "sha1" && label != "sha256" && label != "sha-1" && label != "sha-256" && label != "hash" {
		return false
	}
	if label != "" {
		words = [4]string{label, words[0], words[1], words[2]}
	}
	for i, w := range words {
		if i < 2 && notDigestWords[w] || notDigestWords[w] && label == "sha256" {
			return false
		}
		if digestWords[w] {
			return true
		}
	}
	return length == 64 && label == "" && sc.h.digests == proseDigests
}

var digestWords = wordSet("md5 sha1 sha-1 sha256 sha-256 hash hashes checksum file files malware sample indicator ioc iocs sha attachment binary executable payload")

var notDigestWords = wordSet("id ids guid uuid finding detector session request trace span commit commits revision container containers token key digest digests image images layer etag nonce serial thumbprint fingerprint imphash authentihash pehash ja3 ja3s hassh vhash tlsh ssdeep secret password cookie device machine tenant detection event alert case incident agent sensor correlation branch head tree")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// wordsBefore returns up to n words that stand before s[at], nearest first, in
// lower case. It looks no further than 80 bytes back, and not over the end of
// a sentence or line.
func wordsBefore(s string, at, n int) (words [4]string) {
	low := max(0, at-80)
	for k := 0; k < n; k++ {
		end := at
		for end > low && !wordPart(s[end-1]) {
			if s[end-1] == '\n' || s[end-1] == '.' && end < at {
				return words
			}
			end--
		}
		begin := end
		for begin > low && wordPart(s[begin-1]) {
			begin--
		}
		if begin == end {
			return words
		}
		words[k] = strings.ToLower(strings.Trim(s[begin:end], "-."))
		at = begin
	}
	return words
}

// wordPart reports whether c stands inside a word when looking back; a dot
// inside a number or name does, which keeps "1.2.3.4" one word.
func wordPart(c byte) bool {
	return c < 0x80 && isWordByte(c) || c == '-' || c == '.'
}
