package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// sign writes a request of the wire as the SDK would send it, signed with the user's access key. Signatures hold
// for 15 minutes, and nothing but a code makes a request single-use.
func (u *user) sign(address, service string, parameters url.Values) ([]byte, error) {
	version := map[string]string{"iam": "2010-05-08", "sts": "2011-06-15"}[service]
	parameters.Set("Version", version)
	body := parameters.Encode()
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux md/arch#x86_64 lang/python#3.13.7")
	hash := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: u.accessKeyID, SecretAccessKey: u.secret}
	err = v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(hash[:]), service, "eu-central-1", time.Now())
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	err = r.Write(&raw)
	return raw.Bytes(), err
}
