package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

var services = []string{wire.IAM.Name, wire.STS.Name}

// Signatures authenticates signed requests: those signed with a long-term key through the directory, those with
// temporary credentials by opening their session token. used is told of every use of a long-term key.
func Signatures(directory *iam.Directory, tokens *sts.Service, now func() time.Time, used func(accessKeyID string, use iam.AccessKeyUse)) Authenticator {
	return func(ctx context.Context, r *http.Request, body []byte, _ wire.Form) (*iam.Caller, wire.Service, error) {
		at := now()
		signature, err := sigv4.Parse(r, body, services, at)
		if err != nil {
			return nil, wire.IAM, answered(err)
		}
		service := wire.IAM
		if signature.Service == wire.STS.Name {
			service = wire.STS
		}
		var caller *iam.Caller
		var signingKey []byte
		if signature.SessionToken != "" {
			var secret string
			secret, caller, err = tokens.Open(ctx, signature.AccessKeyID, signature.SessionToken)
			if err != nil {
				return nil, service, err
			}
			signingKey = sigv4.SigningKey(secret, signature.Date, signature.Region, signature.Service)
		} else {
			credential, err := directory.Credential(ctx, signature.AccessKeyID)
			if errors.Is(err, iam.ErrNotFound) || err == nil && !credential.Active {
				return nil, service, unknownKey()
			}
			if err != nil {
				return nil, service, err
			}
			principal, err := directory.Owner(ctx, credential)
			if errors.Is(err, iam.ErrNotFound) {
				return nil, service, unknownKey()
			}
			if err != nil {
				return nil, service, err
			}
			caller = &iam.Caller{Principal: principal, AccessKeyID: credential.AccessKeyID}
			signingKey = credential.SigningKey(signature.Date, signature.Region, signature.Service)
		}
		if err := signature.Verify(signingKey); err != nil {
			return nil, service, answered(err)
		}
		caller.Region = signature.Region
		if caller.LongTerm() {
			used(caller.AccessKeyID, iam.AccessKeyUse{Time: at, Region: signature.Region, Service: signature.Service})
		}
		return caller, service, nil
	}
}

func unknownKey() error {
	return wire.Errorf("InvalidClientTokenId", "The security token included in the request is invalid.")
}

// answered is an error of package sigv4 as the product's own; the floors keep it from importing wire.
func answered(err error) error {
	var refused *sigv4.Error
	if errors.As(err, &refused) {
		return &wire.Error{Code: refused.Code, Status: refused.Status, Message: refused.Message}
	}
	return err
}
