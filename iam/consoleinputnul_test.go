package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sallyport-iam/sallyport/iam"
)

// PostgreSQL takes no text with a NUL: what may hold one is refused before it gets there, on every database.
func TestNoNULGoesToTheDatabase(t *testing.T) {
	s := newService(t)
	for name, in := range map[string]*iam.LookupEventsInput{
		"user":   {UserName: aws.String("a\x00b")},
		"event":  {EventName: aws.String("\x00")},
		"marker": {Marker: aws.String("1/2/3\x00")},
	} {
		if _, err := s.Do(t.Context(), s.root, s.operations["LookupEvents"], in); err == nil || !strings.HasPrefix(err.Error(), "ValidationError") {
			t.Errorf("%s: %v, want a ValidationError", name, err)
		}
	}
}
