package iam

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sallyport-iam/sallyport/wire"
)

// Inputs of operations that only the console reaches are in no service model, so each checks its own, in the words
// in which the wire refuses those that are.

// invalid is the ValidationError for one parameter.
func invalid(parameter, constraint string, args ...any) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s",
		parameter, fmt.Sprintf(constraint, args...))
}

// nameCharacters are those of the names of users (IAM API Reference, existingUserNameType).
var nameCharacters = regexp.MustCompile(`^[\w+=,.@-]+$`)

// maxName is the length of the longest user name that a request may hold (existingUserNameType).
const maxName = 128

// checkUserName wants what could be the name of a user.
func checkUserName(parameter string, name *string) error {
	if err := checkText(parameter, name, maxName); err != nil {
		return err
	}
	if !nameCharacters.MatchString(*name) {
		return invalid(parameter, `satisfy regular expression pattern: [\w+=,.@-]+`)
	}
	return nil
}

// checkText wants a text of 1 to longest characters.
func checkText(parameter string, text *string, longest int) error {
	switch n := utf8.RuneCountInString(aws.ToString(text)); {
	case text == nil:
		return invalid(parameter, "not be null")
	case n > longest:
		return invalid(parameter, "have length less than or equal to %d", longest)
	case n == 0:
		return invalid(parameter, "have length greater than or equal to 1")
	case strings.Contains(*text, "\x00"): // which not every database takes
		return invalid(parameter, "not hold a NUL character")
	}
	return nil
}

// checkOptional is checkText for what may be left out.
func checkOptional(parameter string, text *string, longest int) error {
	if text == nil {
		return nil
	}
	return checkText(parameter, text, longest)
}

// checkList wants 1 to longest elements.
func checkList[T any](parameter string, list []T, longest int) error {
	switch {
	case list == nil:
		return invalid(parameter, "not be null")
	case len(list) > longest:
		return invalid(parameter, "have length less than or equal to %d", longest)
	case len(list) == 0:
		return invalid(parameter, "have length greater than or equal to 1")
	}
	return nil
}

// maxMarker is the length of the longest marker that a request may hold; ours are shorter.
const maxMarker = 320

// consolePaging is paging for an operation of the console, with its own number of items.
func consolePaging(marker *string, maxItems *int32, otherwise, most int32) (Page, error) {
	if err := checkOptional("marker", marker, maxMarker); err != nil {
		return Page{}, err
	}
	switch {
	case maxItems == nil:
		maxItems = &otherwise
	case *maxItems > most:
		return Page{}, invalid("maxItems", "have value less than or equal to %d", most)
	case *maxItems < 1:
		return Page{}, invalid("maxItems", "have value greater than or equal to 1")
	}
	return paging(marker, maxItems)
}
