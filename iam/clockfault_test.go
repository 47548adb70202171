package iam_test

import (
	"errors"
	"testing"
	"time"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/mfa"
)

// While the clock can't be trusted no code is accepted, refused or counted, whatever asks; afterwards all are good that
// were.
func TestAClockThatCanNotBeTrusted(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", "")
	phone, other := s.virtualDevice(t, "phone"), s.virtualDevice(t, "other")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -3, -2))
	before := *s.device(t, phone.serial)

	fault := errors.New("this node's clock is 31s ahead of the database's")
	s.ClockFault = func() error { return fault }
	for name, try := range map[string]func() error{
		"verify": func() error {
			return s.Store.Update(t.Context(), func(tx iam.Tx) error {
				outcome, err := s.VerifyCode(t.Context(), tx, accountID, alice.ID, phone.serial, *phone.code(0))
				if outcome == mfa.Accepted {
					t.Error("a code was accepted")
				}
				return err
			})
		},
		"verify a wrong code": func() error {
			return s.Store.Update(t.Context(), func(tx iam.Tx) error {
				_, err := s.VerifyCode(t.Context(), tx, accountID, alice.ID, phone.serial, *phone.code(1000))
				return err
			})
		},
		"enable": func() error {
			_, err := s.call(t.Context(), s.root, "EnableMFADevice", other.enable("alice", -1, 0))
			return err
		},
		"resync": func() error {
			_, err := s.call(t.Context(), s.root, "ResyncMFADevice", phone.resync("alice", -1, 0))
			return err
		},
	} {
		if err := try(); !errors.Is(err, iam.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, iam.ErrUnavailable)
		}
	}
	if now := *s.device(t, phone.serial); now.State.Failures != before.State.Failures || len(now.State.Used) != len(before.State.Used) {
		t.Errorf("the device has counted: %+v, before: %+v", now.State, before.State)
	}
	if s.device(t, other.serial).Assigned() {
		t.Error("a device was enabled")
	}

	fault = nil
	if got := s.verify(t, phone, 0); got != mfa.Accepted {
		t.Errorf("the code afterwards: %v", got)
	}
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", other.enable("alice", -1, 0))
}

// A clock that is set back makes no code good again, neither one that was used nor one that was over.
func TestAClockThatJumpsBackReopensNoCode(t *testing.T) {
	s := newService(t)
	s.user(t, "alice", "")
	phone := s.virtualDevice(t, "phone")
	do[awsiam.EnableMFADeviceOutput](t, s, s.root, "EnableMFADevice", phone.enable("alice", -1, 0))
	for range 3 { // codes used at 12:00, 13:00 and 14:00
		s.now.add(time.Hour)
		if got := s.verify(t, phone, 0); got != mfa.Accepted {
			t.Fatalf("a code: %v", got)
		}
	}
	for hours := range 4 {
		for step := int64(-2); step <= 2; step++ {
			if hours == 0 && step != 0 {
				continue // those beside the last one that was used are good, once
			}
			if got := s.verify(t, phone, step); got == mfa.Accepted {
				t.Errorf("%d hours back, the code of step %d is accepted", hours, step)
			}
		}
		s.now.add(-time.Hour)
	}
}
