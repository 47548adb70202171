package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// LookupEventsInput chooses audit records of the caller's account; what is left out chooses all.
type LookupEventsInput struct {
	UserName  *string    // IAM user who acted
	EventName *string    // operation
	StartTime *time.Time // included
	EndTime   *time.Time // included
	Marker    *string
	MaxItems  *int32 // 1 to 50
}

// LookupEventsOutput is a page of audit records, the newest first.
type LookupEventsOutput struct {
	Events []Event
	Marker *string `json:",omitempty"`
}

// Event is an audit record with what lists show of it.
type Event struct {
	EventId   string
	EventTime string // RFC 3339
	EventName string
	UserName  string          // "" unless an IAM user acted
	Record    json.RawMessage // the whole CloudTrail record
}

// eventsPerPage is how many events a page has at most (CloudTrail API Reference, LookupEvents).
const eventsPerPage = 50

// LookupEvents reads the audit trail of the caller's account. AWS has it in another service, whose action it is
// authorised as: cloudtrail:LookupEvents.
func (s *Service) LookupEvents(ctx context.Context, tx Tx, c *Caller, in *LookupEventsInput) (*LookupEventsOutput, error) {
	filter, page, err := eventFilter(c.Account, in)
	if err != nil {
		return nil, err
	}
	records, err := tx.AuditRecords(ctx, filter)
	if err != nil {
		return nil, err
	}
	records, _, marker := cut(records, page, func(r AuditRecord) string {
		return fmt.Sprintf("%d/%d/%d", r.Time, r.ID, r.Position)
	})
	out := &LookupEventsOutput{Events: make([]Event, 0, len(records)), Marker: marker}
	for _, r := range records {
		e, err := readEvent(r)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, e)
	}
	return out, nil
}

func eventFilter(account string, in *LookupEventsInput) (filter AuditFilter, page Page, err error) {
	if err := checkOptional("userName", in.UserName, maxName); err != nil {
		return filter, page, err
	}
	if err := checkOptional("eventName", in.EventName, maxName); err != nil {
		return filter, page, err
	}
	if page, err = consolePaging(in.Marker, in.MaxItems, eventsPerPage, eventsPerPage); err != nil {
		return filter, page, err
	}
	filter = AuditFilter{
		Account: account, UserName: valueOr(in.UserName, ""), EventName: valueOr(in.EventName, ""), Limit: page.Limit,
	}
	if in.StartTime != nil {
		filter.Since = in.StartTime.UnixMilli()
	}
	if in.EndTime != nil {
		filter.Until = max(in.EndTime.UnixMilli()+1, 1) // 0 would be no end
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.After(*in.EndTime) {
		return filter, page, wire.Errorf("InvalidTimeRangeException", "The start time must not be after the end time.")
	}
	if page.After != "" {
		before, ok := readEventMarker(page.After)
		if !ok {
			return filter, page, wire.Errorf("ValidationError", "Invalid Marker.")
		}
		filter.Before = &before
	}
	return filter, page, nil
}

// readEventMarker reads the record that a page ended with: its time, id and position. Markers of before records were
// stored together have no position.
func readEventMarker(marker string) (r AuditRecord, ok bool) {
	at, rest, _ := strings.Cut(marker, "/")
	id, position, more := strings.Cut(rest, "/")
	var badTime, badID, badPosition error
	r.Time, badTime = strconv.ParseInt(at, 10, 64)
	r.ID, badID = strconv.ParseInt(id, 10, 64)
	if more {
		r.Position, badPosition = strconv.Atoi(position)
	}
	return r, badTime == nil && badID == nil && badPosition == nil
}

func readEvent(r AuditRecord) (Event, error) {
	var shown struct {
		EventID      string
		EventTime    string
		EventName    string
		UserIdentity struct{ UserName string }
	}
	if err := json.Unmarshal(r.JSON, &shown); err != nil {
		return Event{}, fmt.Errorf("audit record %d can't be read: %w", r.ID, err)
	}
	return Event{
		EventId: shown.EventID, EventTime: shown.EventTime, EventName: shown.EventName,
		UserName: shown.UserIdentity.UserName, Record: r.JSON,
	}, nil
}
