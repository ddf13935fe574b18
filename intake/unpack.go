package intake

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 }

// isUTF16 reports whether b begins with the byte order mark of UTF-16, as
// PowerShell writes it.
func isUTF16(b []byte) bool {
	return len(b) >= 4 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff)
}

// fromUTF16 returns b, which isUTF16, in UTF-8.
func fromUTF16(b []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0xfe {
		order = binary.BigEndian
	}
	out := make([]byte, 0, len(b))
	for i := 2; i+1 < len(b); i += 2 {
		r := rune(order.Uint16(b[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			r = utf16.DecodeRune(r, rune(order.Uint16(b[i+2:])))
			if r != utf8.RuneError {
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// decompress returns b as it was before a content encoding.
func (d *decoder) decompress(b []byte, encoding string) ([]byte, error) {
	var r io.Reader
	var err error
	switch encoding = strings.ToLower(strings.TrimSpace(encoding)); encoding {
	case "", "identity":
		return b, nil
	case "gzip", "x-gzip":
		if !isGzip(b) {
			return b, nil // a proxy in between has unzipped it and left the header
		}
		r, err = gzip.NewReader(bytes.NewReader(b))
	case "deflate":
		r, err = zlib.NewReader(bytes.NewReader(b))
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxUnpacked), zstd.WithDecoderMaxWindow(8<<20))
		if err == nil {
			defer z.Close()
			r = z
		}
	default:
		return nil, fmt.Errorf("content encoding %.40q is not known; gzip, deflate and zstd are", encoding)
	}
	if err != nil {
		return nil, fmt.Errorf("the content is not %s: %w", encoding, err)
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(d.budget)+1))
	if len(out) > d.budget || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		d.budget, d.spent = 0, true
		return nil, fmt.Errorf("the delivery unpacks to more than %d MiB", MaxUnpacked>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking the %s content: %w", encoding, err)
	}
	d.budget -= len(out)
	return out, nil
}

// base64 decodes text of any of the usual alphabets, padded or not.
func (d *decoder) base64(b []byte, path string) ([]byte, bool) {
	if !d.spend(base64.StdEncoding.DecodedLen(len(b)), path) {
		return nil, false
	}
	alphabet := base64.RawStdEncoding
	if bytes.ContainsAny(b, "-_") {
		alphabet = base64.RawURLEncoding
	}
	b = bytes.TrimRight(b, "=\r\n ")
	out := make([]byte, alphabet.DecodedLen(len(b)))
	n, err := alphabet.Decode(out, b)
	return out[:n], err == nil
}

// formPayload returns the field payload of a form, as GitHub sends it where a
// hook's content type was left at its default.
func (d *decoder) formPayload(b []byte) ([]byte, error) {
	value, _, _ := bytes.Cut(bytes.TrimPrefix(b, []byte("payload=")), []byte{'&'})
	if !d.spend(len(value), "payload") {
		return nil, errors.New("the field cannot be unpacked")
	}
	s, err := url.QueryUnescape(string(value))
	if err != nil {
		return nil, fmt.Errorf("the field is not encoded as a form wants it: %w", err)
	}
	return []byte(s), nil
}
