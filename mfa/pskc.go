package mfa

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ReadPSKC reads the seed file of a batch of hardware tokens in the PSKC form (RFC 6030).
//
// Plain values are read, and values encrypted with AES-CBC under a key derived from
// password (§6.2) or under a pre-shared key (§6.1), which is then what password holds,
// in hexadecimal. An encrypted value is opened only after its MAC (ValueMAC) has been
// verified. For a plain file password is not needed and not looked at.
//
// Each key package is a TOTP key of six decimal digits with a TimeInterval of 30, the
// default, or 60 seconds and SHA-1, the default, SHA-256 or SHA-512 as its Suite. The
// serial number is that of DeviceInfo, or else the Id of the key. Time and TimeDrift
// are left aside, because binding a token finds its clock; so are dates of validity, and
// the signature of a container is not verified. Policies that change the code (a PIN
// in it) or forbid its use as a one-time password are refused.
//
// The error names the key package by number and serial; it is [ErrPassword] or
// [ErrNoPassword] where the password is what is wrong. After an error no token is returned.
func ReadPSKC(r io.Reader, password []byte) ([]Token, error) {
	doc := xml.NewDecoder(&boundedReader{r: r, left: maxFileBytes})
	if err := openContainer(doc); err != nil {
		return nil, fmt.Errorf("mfa: %w", err)
	}
	p := pskcReader{doc: doc, opener: pskcOpener{password: password}}
	if err := p.readContainer(); err != nil {
		return nil, fmt.Errorf("mfa: %w", err)
	}
	if len(p.batch.tokens) == 0 {
		return nil, errors.New("mfa: no token in the file")
	}
	return p.batch.tokens, nil
}

// The elements of a key package that matter here. They are matched by their local
// names: files in the field use several namespaces, of the drafts too, and the
// figures of the RFC themselves don't agree on the prefixes.
type pskcPackage struct {
	SerialNo string    `xml:"DeviceInfo>SerialNo"`
	Keys     []pskcKey `xml:"Key"`
}

type pskcKey struct {
	ID        string `xml:"Id,attr"`
	Algorithm string `xml:"Algorithm,attr"`
	Suite     string `xml:"AlgorithmParameters>Suite"`
	Format    struct {
		Encoding    string `xml:"Encoding,attr"`
		Length      string `xml:"Length,attr"`
		CheckDigits string `xml:"CheckDigits,attr"`
	} `xml:"AlgorithmParameters>ResponseFormat"`
	Secret       pskcValue `xml:"Data>Secret"`
	TimeInterval pskcValue `xml:"Data>TimeInterval"`
	KeyUsage     []string  `xml:"Policy>KeyUsage"`
	PIN          struct {
		Mode string `xml:"PINUsageMode,attr"`
	} `xml:"Policy>PINPolicy"`
}

type pskcValue struct {
	Plain     *string        `xml:"PlainValue"`
	Encrypted *encryptedData `xml:"EncryptedValue"`
	MAC       string         `xml:"ValueMAC"`
}

// pskcReader reads one container, one child at a time: what is held in memory is a
// key package, not the document.
type pskcReader struct {
	doc    *xml.Decoder
	opener pskcOpener
	batch  batch
}

// openContainer reads up to and including the root's start.
func openContainer(doc *xml.Decoder) error {
	for {
		token, err := doc.Token()
		if err != nil {
			return xmlError(err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return errDirective
		case xml.StartElement:
			if token.Name.Local != "KeyContainer" {
				return errors.New("not a PSKC file: its root is not KeyContainer")
			}
			return nil
		}
	}
}

func (p *pskcReader) readContainer() error {
	packages := 0
	for {
		token, err := p.doc.Token()
		if err != nil {
			return xmlError(err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return errDirective
		case xml.EndElement: // children are consumed whole, so this is the root's end
			return p.expectEnd()
		case xml.StartElement:
			switch token.Name.Local {
			case "EncryptionKey":
				err = p.decode(&p.opener.key, token)
			case "MACMethod":
				err = p.decode(&p.opener.mac, token)
			case "KeyPackage":
				packages++
				err = p.readPackage(token, packages)
			default:
				err = xmlError(p.doc.Skip())
			}
			if err != nil {
				return err
			}
		}
	}
}

// expectEnd allows only white space and comments behind the container.
func (p *pskcReader) expectEnd() error {
	for {
		token, err := p.doc.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return xmlError(err)
		}
		text, isText := token.(xml.CharData)
		_, isComment := token.(xml.Comment)
		if !isComment && !(isText && len(bytes.TrimSpace(text)) == 0) {
			return errors.New("the file goes on after its KeyContainer")
		}
	}
}

func (p *pskcReader) decode(into any, start xml.StartElement) error {
	return xmlError(p.doc.DecodeElement(into, &start))
}

func (p *pskcReader) readPackage(start xml.StartElement, number int) error {
	var pkg pskcPackage
	if err := p.decode(&pkg, start); err != nil {
		return err
	}
	where := fmt.Sprintf("key package %d", number)
	if len(pkg.Keys) != 1 {
		return fmt.Errorf("%s: %d keys, expected one", where, len(pkg.Keys))
	}
	key := &pkg.Keys[0]
	serial := strings.TrimSpace(pkg.SerialNo)
	if serial == "" {
		serial = strings.TrimSpace(key.ID)
	}
	if serialPattern.MatchString(serial) {
		where += " (" + serial + ")"
	}
	totp, err := p.readKey(key)
	if err == nil {
		err = p.batch.add(Token{Serial: serial, TOTP: totp}, where)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

func (p *pskcReader) readKey(key *pskcKey) (TOTP, error) {
	if err := key.usable(); err != nil {
		return TOTP{}, err
	}
	algorithm, err := parseSuite(key.Suite)
	if err != nil {
		return TOTP{}, err
	}
	digits, err := parseCount(key.Format.Length, defaultDigits)
	if err != nil {
		return TOTP{}, fmt.Errorf("ResponseFormat Length: %w", err)
	}
	seconds, err := key.TimeInterval.count(int(defaultPeriod / time.Second))
	if err != nil {
		return TOTP{}, fmt.Errorf("TimeInterval: %w", err)
	}
	seed, err := p.opener.open(key.Secret)
	if err != nil {
		return TOTP{}, err
	}
	return TOTP{Seed: seed, Algorithm: algorithm, Digits: digits, Period: time.Duration(seconds) * time.Second}, nil
}

// usable refuses keys whose codes would not be what a TOTP of them says.
func (k *pskcKey) usable() error {
	switch k.Algorithm {
	case "urn:ietf:params:xml:ns:keyprov:pskc:totp", "urn:ietf:params:xml:ns:keyprov:pskc#totp":
	default:
		return errors.New("the key is not a TOTP key, the only kind that can be used")
	}
	if e := k.Format.Encoding; e != "" && e != "DECIMAL" {
		return errors.New("the token does not show decimal digits")
	}
	if c := k.Format.CheckDigits; c != "" && c != "false" && c != "0" {
		return errors.New("the token adds a check digit to its codes")
	}
	if mode := k.PIN.Mode; mode != "" && mode != "Local" {
		return errors.New("the policy of the key makes a PIN part of the code")
	}
	if len(k.KeyUsage) > 0 && !slices.Contains(k.KeyUsage, "OTP") {
		return errors.New("the policy of the key does not allow one-time passwords")
	}
	return nil
}

// parseSuite reads the hash: HMAC-SHA256, SHA256 and SHA-256 are all in use.
func parseSuite(suite string) (Algorithm, error) {
	name := strings.ToUpper(strings.TrimSpace(suite))
	name = strings.ReplaceAll(strings.TrimPrefix(name, "HMAC-"), "-", "")
	switch a := Algorithm(name); a {
	case "":
		return SHA1, nil
	case SHA1, SHA256, SHA512:
		return a, nil
	}
	return "", errors.New("the Suite is not SHA-1, SHA-256 or SHA-512")
}

func (v pskcValue) count(fallback int) (int, error) {
	if v.Encrypted != nil {
		return 0, errors.New("encrypted, which is supported for the Secret only")
	}
	if v.Plain == nil {
		return fallback, nil
	}
	text := strings.TrimSpace(*v.Plain)
	if text == "" {
		return 0, errors.New("empty")
	}
	return parseCount(text, 0)
}

// decodeBase64 reads xs:base64Binary, in which white space means nothing.
func decodeBase64(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("not base64") // without the position, and never the text
	}
	return data, nil
}

// errDirective refuses document type declarations: nothing here needs one, and they
// are where entities, and with them XML bombs, come from.
var errDirective = errors.New("the file has a document type declaration, which is not allowed")

// xmlError makes an error of the XML decoder presentable. Its texts may quote the
// document, which holds seeds, so only the line is kept.
func xmlError(err error) error {
	if err == nil || errors.Is(err, errTooLarge) {
		return err
	}
	if bad := (*xml.SyntaxError)(nil); errors.As(err, &bad) {
		return fmt.Errorf("not well-formed XML on line %d", bad.Line)
	}
	if err == io.EOF {
		return errors.New("not a PSKC file: no element in it")
	}
	return errors.New("the XML can't be read")
}
