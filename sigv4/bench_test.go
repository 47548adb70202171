package sigv4

import (
	"testing"
)

func BenchmarkHeader(b *testing.B) {
	for _, bench := range []struct{ name, token string }{
		{"long-term key", ""},
		{"session token", longToken},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r, body := signedForm(b, signer{token: bench.token}, formBody)
			key := SigningKey(testSecret, "20150830", "us-east-1", "iam")
			b.ReportAllocs()
			for b.Loop() {
				s, err := Parse(r, body, served, testTime)
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Verify(key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPresigned(b *testing.B) {
	r := presigned(b, signer{service: "sts"}, "http://localhost:8080/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60")
	key := SigningKey(testSecret, "20150830", "us-east-1", "sts")
	b.ReportAllocs()
	for b.Loop() {
		s, err := Parse(r, nil, served, testTime)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Verify(key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSigningKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		SigningKey(testSecret, "20150830", "us-east-1", "iam")
	}
}
