package iam_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

func eventNames(out *iam.LookupEventsOutput) string {
	names := []string{}
	for _, e := range out.Events {
		names = append(names, e.EventName)
	}
	return fmt.Sprint(names)
}

func TestLookupEvents(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*", "cloudtrail:LookupEvents"))
	s.account(t, "999999999999", "other@example.com") // with records of its own
	s.now.add(time.Hour)
	start := s.Now()
	for _, group := range []string{"one", "two", "three"} {
		s.now.add(time.Minute)
		do[awsiam.CreateGroupOutput](t, s, alice, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String(group)})
	}
	s.now.add(time.Minute)
	refused(t, s, alice, "CreateGroup", &awsiam.CreateGroupInput{GroupName: aws.String("one")}, "EntityAlreadyExists: Group with name one already exists.")
	do[awsiam.DeleteGroupOutput](t, s, s.root, "DeleteGroup", &awsiam.DeleteGroupInput{GroupName: aws.String("one")})

	at := func(minutes int) string { return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	for _, test := range []struct{ name, in, want string }{
		{"from a time on", `{"StartTime":"` + at(0) + `"}`, "[DeleteGroup CreateGroup CreateGroup CreateGroup CreateGroup]"},
		{"times are included", `{"StartTime":"` + at(2) + `","EndTime":"` + at(3) + `"}`, "[CreateGroup CreateGroup]"},
		{"times with an offset", `{"StartTime":"` + start.Add(4*time.Minute).In(time.FixedZone("", 3600)).Format(time.RFC3339) + `"}`, "[DeleteGroup CreateGroup]"},
		{"before everything", `{"EndTime":"1969-12-31T23:59:59.999Z"}`, "[]"},
		{"by user", `{"UserName":"alice"}`, "[CreateGroup CreateGroup CreateGroup CreateGroup]"},
		{"by user and event", `{"UserName":"alice","EventName":"DeleteGroup"}`, "[]"},
		{"by event", `{"EventName":"DeleteGroup"}`, "[DeleteGroup]"},
		{"by user and time", `{"UserName":"alice","EndTime":"` + at(1) + `"}`, "[CreateGroup]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := eventNames(inConsole[iam.LookupEventsOutput](t, s, alice, "LookupEvents", test.in)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}

	event := inConsole[iam.LookupEventsOutput](t, s, alice, "LookupEvents", `{"UserName":"alice","MaxItems":1}`).Events[0]
	var record map[string]any
	if err := json.Unmarshal(event.Record, &record); err != nil {
		t.Fatal(err)
	}
	if event.EventId != record["eventID"] || event.EventTime != at(4) || event.UserName != "alice" || record["errorCode"] != "EntityAlreadyExistsException" {
		t.Errorf("event %+v of record %s", event, event.Record)
	}

	// Pages join to the whole, whatever their size, and hold nothing of the other account.
	whole := inConsole[iam.LookupEventsOutput](t, s, alice, "LookupEvents", `{}`)
	if whole.Marker != nil {
		t.Fatalf("%d events fill more than a page", len(whole.Events))
	}
	for _, size := range []int{1, 2, 3, len(whole.Events)} {
		var all iam.LookupEventsOutput
		marker := ""
		for {
			out := inConsole[iam.LookupEventsOutput](t, s, alice, "LookupEvents", fmt.Sprintf(`{"MaxItems":%d%s}`, size, marker))
			if len(out.Events) > size {
				t.Fatalf("%d events on a page of %d", len(out.Events), size)
			}
			if all.Events = append(all.Events, out.Events...); out.Marker == nil {
				break
			}
			marker = `,"Marker":"` + *out.Marker + `"`
		}
		if got, want := eventNames(&all), eventNames(whole); got != want {
			t.Errorf("pages of %d join to %s, want %s", size, got, want)
		}
	}
	for _, e := range whole.Events {
		if err := json.Unmarshal(e.Record, &record); err != nil || record["recipientAccountId"] != accountID {
			t.Errorf("record of another account: %s", e.Record)
		}
	}
}

func TestLookupEventsRefusals(t *testing.T) {
	s := newService(t)
	refusedInConsole(t, s, s.user(t, "alice", allow("*", "iam:*")), "LookupEvents", `{}`,
		"AccessDenied: User: arn:aws:iam::123456789012:user/alice is not authorized to perform: cloudtrail:LookupEvents on resource: * because no identity-based policy allows the cloudtrail:LookupEvents action")
	refusedInConsole(t, s, s.root, "LookupEvents", `{"StartTime":"2026-01-02T00:00:00Z","EndTime":"2026-01-01T00:00:00Z"}`,
		"InvalidTimeRangeException: The start time must not be after the end time.")
	marker := *inConsole[iam.LookupEventsOutput](t, s, s.root, "LookupEvents", `{"MaxItems":1}`).Marker
	users := do[awsiam.ListUsersOutput](t, s, s.root, "ListUsers", &awsiam.ListUsersInput{MaxItems: aws.Int32(1)})
	if users.IsTruncated {
		t.Fatal("one user is a page")
	}
	s.user(t, "bob", "")
	foreign := *do[awsiam.ListUsersOutput](t, s, s.root, "ListUsers", &awsiam.ListUsersInput{MaxItems: aws.Int32(1)}).Marker
	for _, bad := range []string{"1" + marker, marker + "0", foreign, "1/1"} {
		refusedInConsole(t, s, s.root, "LookupEvents", `{"Marker":"`+bad+`"}`, "ValidationError: Invalid Marker.")
	}
}
