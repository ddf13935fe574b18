package store

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Raw messages and documents are kept compressed, each by itself so that each
// can be read alone. The first byte says how: most are about 1 KB, where S2
// costs a fifth of what Zstandard does and is nearly as small; larger ones are
// worth Zstandard's time.
const (
	packedS2   = 1
	packedZstd = 2

	zstdFrom = 4 << 10 // bytes
)

var (
	encoder, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(64<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(256<<20))
)

func compress(b []byte) []byte {
	if len(b) >= zstdFrom {
		return encoder.EncodeAll(b, append(make([]byte, 0, len(b)/2+32), packedZstd))
	}
	out := make([]byte, 1+s2.MaxEncodedLen(len(b)))
	out[0] = packedS2
	return out[:1+len(s2.Encode(out[1:], b))]
}

func decompress(b []byte) (out []byte, err error) {
	if len(b) == 0 {
		return nil, errors.New("nothing was stored")
	}
	switch b[0] {
	case packedS2:
		out, err = s2.Decode(nil, b[1:])
	case packedZstd:
		out, err = decoder.DecodeAll(b[1:], nil)
	default:
		return nil, fmt.Errorf("stored in a form this version does not know (%d)", b[0])
	}
	if err != nil {
		return nil, fmt.Errorf("decompressing: %w", err)
	}
	return out, nil
}
