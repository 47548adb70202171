package iam_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/sallyport-iam/sallyport/iam"
)

// A node that has just read the principal anew, because it changed it, may still have the key as it was before another
// node made it inactive.
func TestARevokedKeyMakesNoChangeThoughItsOwnerWasJustRead(t *testing.T) {
	s := newService(t)
	alice := s.user(t, "alice", allow("*", "iam:*"))
	other := s.elsewhere() // follows nothing
	key, err := other.Directory.Credential(t.Context(), alice.AccessKeyID)
	if err != nil || !key.Active {
		t.Fatalf("%+v, %v", key, err)
	}
	do[awsiam.UpdateAccessKeyOutput](t, s, s.root, "UpdateAccessKey",
		&awsiam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: &alice.AccessKeyID, Status: "Inactive"})

	other.Directory.Forget(alice.ID) // as every change of alice by this node does
	if key, err = other.Directory.Credential(t.Context(), alice.AccessKeyID); err != nil || !key.Active {
		t.Fatalf("the node knows of the change already: %+v, %v", key, err)
	}
	caller := iam.Caller{AccessKeyID: key.AccessKeyID}
	if caller.Principal, err = other.Directory.Owner(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	_, err = other.Do(t.Context(), &caller, other.operations["CreateUser"], &awsiam.CreateUserInput{UserName: aws.String("x")})
	if want := "InvalidClientTokenId: The security token included in the request is invalid."; fmt.Sprint(err) != want {
		t.Errorf("a key that was made inactive: %v, want %s", err, want)
	}
}
