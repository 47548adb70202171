package mfa

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

func TestReadPSKCPlain(t *testing.T) {
	got, err := ReadPSKC(strings.NewReader(testdata(t, "pskc-plain.xml")), nil)
	want := []Token{
		{"GAKT00000001", TOTP{Seed: rfcSeed(20), Algorithm: SHA1, Digits: 6, Period: 30 * time.Second}},
		{"GAKT00000002", TOTP{Seed: rfcSeed(32), Algorithm: SHA256, Digits: 6, Period: time.Minute}},
		{"GAKT00000003", TOTP{Seed: []byte("abcdefghijklmnop"), Algorithm: SHA512, Digits: 6, Period: 30 * time.Second}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// RFC 6030 figures 8 (§6.2) and 6 (§6.1): both hold the seed "12345678901234567890".
func TestReadPSKCEncryptedVectors(t *testing.T) {
	for file, password := range map[string]string{
		"pskc-password.xml":  "qwerty",
		"pskc-preshared.xml": "12345678901234567890123456789012",
	} {
		doc := testdata(t, file)
		got, err := ReadPSKC(strings.NewReader(doc), []byte(password))
		want := []Token{{"987654321", TOTP{Seed: rfcSeed(20), Algorithm: SHA1, Digits: 6, Period: 30 * time.Second}}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", file, got, err)
		}
		if got, err := ReadPSKC(strings.NewReader(doc), nil); !errors.Is(err, ErrNoPassword) || got != nil {
			t.Errorf("%s without a password: %v, %v", file, got, err)
		}
		// Many wrong passwords, because one in sixteen leaves a padding that looks right.
		for i := range 64 {
			wrong := fmt.Sprintf("%032x", i)
			got, err := ReadPSKC(strings.NewReader(doc), []byte(wrong))
			if !errors.Is(err, ErrPassword) || got != nil || !strings.Contains(err.Error(), "key package 1 (987654321)") {
				t.Fatalf("%s, wrong password: %v, %v", file, got, err)
			}
		}
	}
	if _, err := ReadPSKC(strings.NewReader(testdata(t, "pskc-preshared.xml")), []byte("qwerty")); err == nil || !strings.Contains(err.Error(), "hexadecimal") {
		t.Errorf("a password for a pre-shared key: %v", err)
	}
}

// sealPSKC writes a container of its own making: AES-256, HMAC-SHA-256 and a PRF of
// SHA-256, and no key of its own for the MAC.
func sealPSKC(t testing.TB, password string, seeds ...[]byte) string {
	t.Helper()
	salt := []byte("salt of the test")
	key, err := pbkdf2.Key(sha256.New, password, salt, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	fmt.Fprintf(&doc, `<KeyContainer><EncryptionKey><DerivedKey><KeyDerivationMethod Algorithm="http://www.w3.org/2009/xmlenc11#pbkdf2">
<PBKDF2-params><Salt><Specified>%s</Specified></Salt><IterationCount>10</IterationCount><KeyLength>32</KeyLength><PRF Algorithm="urn:x#hmac-sha256"/></PBKDF2-params>
</KeyDerivationMethod></DerivedKey></EncryptionKey><MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>`, base64.StdEncoding.EncodeToString(salt))
	for i, seed := range seeds {
		padding := aes.BlockSize - len(seed)%aes.BlockSize
		plain := append(bytes.Clone(seed), bytes.Repeat([]byte{byte(padding)}, padding)...)
		sealed := bytes.Repeat([]byte{byte(i)}, aes.BlockSize) // the initialisation vector
		sealed = append(sealed, plain...)
		cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], plain)
		mac := hmac.New(sha256.New, key)
		mac.Write(sealed)
		fmt.Fprintf(&doc, `<KeyPackage><DeviceInfo><SerialNo>GAKT%08d</SerialNo></DeviceInfo><Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><Data><Secret>
<EncryptedValue><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><CipherData><CipherValue>%s</CipherValue></CipherData></EncryptedValue><ValueMAC>%s</ValueMAC>
</Secret></Data></Key></KeyPackage>`, i, base64.StdEncoding.EncodeToString(sealed), base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return doc.String() + "</KeyContainer>"
}

func TestReadPSKCSealed(t *testing.T) {
	seeds := [][]byte{rfcSeed(16), rfcSeed(20), rfcSeed(32), rfcSeed(64)}
	doc := sealPSKC(t, "correct horse", seeds...)
	got, err := ReadPSKC(strings.NewReader(doc), []byte("correct horse"))
	if err != nil || len(got) != len(seeds) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, token := range got {
		if !bytes.Equal(token.TOTP.Seed, seeds[i]) {
			t.Errorf("seed %d differs", i)
		}
	}
	// An altered value is noticed whichever character it is, and the package is named.
	at := strings.LastIndex(doc, "<CipherValue>") + len("<CipherValue>")
	for i := range 60 {
		altered := []byte(doc)
		if altered[at+i] = 'A'; doc[at+i] == 'A' {
			altered[at+i] = 'B'
		}
		got, err := ReadPSKC(bytes.NewReader(altered), []byte("correct horse"))
		if !errors.Is(err, ErrPassword) || got != nil || !strings.Contains(err.Error(), "key package 4 (GAKT00000003)") {
			t.Fatalf("character %d altered: %v, %v", i, got, err)
		}
	}
}

// Each row changes one place of a good file.
func TestReadPSKCRefuses(t *testing.T) {
	plain, sealed := testdata(t, "pskc-plain.xml"), sealPSKC(t, "p", rfcSeed(20))
	for _, c := range []struct{ name, doc, old, new, want string }{
		{"two digits too many", plain, `Length="6" Encoding="DECIMAL" C`, `Length="8" Encoding="DECIMAL" C`, "key package 2 (GAKT00000002): the token shows 8 digits"},
		{"digits no number", plain, `Length="6" Encoding="DECIMAL" C`, `Length="six" C`, "key package 2 (GAKT00000002): ResponseFormat Length"},
		{"hexadecimal codes", plain, `"DECIMAL" C`, `"HEXADECIMAL" C`, "decimal digits"},
		{"check digits", plain, `CheckDigits="false"`, `CheckDigits="true"`, "check digit"},
		{"event-based", plain, "keyprov:pskc#totp", "keyprov:pskc:hotp", "key package 3 (GAKT00000003): the key is not a TOTP key"},
		{"other hash", plain, "HMAC-SHA256", "HMAC-MD5", "Suite"},
		{"period of 45 s", plain, ">60<", ">45<", "neither 30 nor 60"},
		{"negative period", plain, ">60<", ">-60<", "TimeInterval: not a positive number"},
		{"empty period", plain, ">60<", "><", "TimeInterval: empty"},
		{"encrypted period", plain, "<PlainValue>60</PlainValue>", "<EncryptedValue/>", "TimeInterval: encrypted"},
		{"PIN in the code", plain, `PINUsageMode="Local"`, `PINUsageMode="Append"`, "PIN"},
		{"not for one-time passwords", plain, ">OTP<", ">Sign<", "does not allow"},
		{"the serial again", plain, "GAKT00000002", "gakt00000001", "already on key package 1 (GAKT00000001)"},
		{"ARN", plain, "GAKT00000002", "arn:aws:iam::1:mfa/x", "looks like an ARN"},
		{"short serial", plain, "GAKT00000002", "GAKT", "key package 2: the serial number"},
		{"line end in the serial", plain, "GAKT00000002", "GAKT\n00000002", "key package 2: the serial number"},
		{"short seed", plain, "YWJjZGVmZ2hpamtsbW5vcA==", "YWJjZGVmZ2hpamtsbW5v", "15 bytes"},
		{"seed not base64", plain, "YWJjZGVmZ2hpamtsbW5vcA==", "YWJjZGVmZ2hpamtsbW5vcA=!", "PlainValue of the Secret: not base64"},
		{"no seed", plain, "<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>", "", "no Secret"},
		{"seed twice", plain, "OTA=</PlainValue>", "OTA=</PlainValue><EncryptedValue/>", "given twice"},
		{"no key", plain, `<KeyPackage>`, `<KeyPackage/><KeyPackage>`, "key package 1: 0 keys"},
		{"two keys", plain, `<Key Id="key-1"`, `<Key/><Key Id="key-1"`, "key package 1: 2 keys"},
		{"no package", "<KeyContainer/>", "", "", "no token"},
		{"other root", plain, "<KeyContainer", "<Container", "root"},
		{"unknown entity", plain, "GAKT00000002", "&bomb;", "not well-formed XML on line 16"},
		{"cut off", plain, "</KeyContainer>", "", "not well-formed XML"},
		{"second document", plain, "</KeyContainer>", "</KeyContainer><KeyContainer/>", "goes on"},
		{"text behind", plain, "</KeyContainer>", "</KeyContainer>x", "goes on"},
		{"document type", plain, "<KeyContainer", `<!DOCTYPE KeyContainer [<!ENTITY a "aaaa">]><KeyContainer`, "document type"},
		{"document type inside", plain, "<KeyPackage>", `<!DOCTYPE x><KeyPackage>`, "document type"},
		{"empty", "", "", "", "no element"},
		{"not XML", "GAKT00000002,00", "", "", "no element"},
		{"other charset", plain, "UTF-8", "ISO-8859-1", "can't be read"},

		{"no MAC", sealed, "<ValueMAC>", "<ValueMAC/><X>", "not well-formed"},
		{"empty MAC", sealed, "<ValueMAC>", "<ValueMAC/><!--", "not well-formed"},
		{"no MAC method", sealed, `xmldsig-more#hmac-sha256`, `xmldsig#hmac-md5`, "MACMethod"},
		{"no key information", sealed, "DerivedKey>", "Derived>", "neither derived"},
		{"other derivation", sealed, "#pbkdf2", "#scrypt", "not PBKDF2"},
		{"no salt", sealed, "<Specified>", "<Specified/><Specified>!", "Salt"},
		{"too many rounds", sealed, ">10<", ">2000001<", "IterationCount"},
		{"no rounds", sealed, ">10<", ">0<", "IterationCount"},
		{"rounds left out", sealed, ">10<", "><", "IterationCount"},
		{"odd key length", sealed, ">32<", ">31<", "KeyLength"},
		{"another key length", sealed, ">32<", ">16<", "altered"},
		{"other PRF", sealed, "urn:x#hmac-sha256", "urn:x#hmac-md5", "PRF"},
		{"short cipher value", sealed, "<CipherValue>", "<CipherValue>AAAA", "CipherValue"},
		{"other cipher", sealed, "#aes256-cbc", "#tripledes-cbc", "not AES"},
		{"smaller cipher", sealed, "#aes256-cbc", "#aes128-cbc", "needs 16"},
	} {
		doc := c.doc
		if c.old != "" {
			if doc = strings.ReplaceAll(c.doc, c.old, c.new); doc == c.doc {
				t.Fatalf("%s: nothing to replace", c.name)
			}
		}
		got, err := ReadPSKC(strings.NewReader(doc), []byte("p"))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %q", c.name, got, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "MTIz") || strings.Contains(err.Error(), "YWJj")) {
			t.Errorf("%s: a seed is in %q", c.name, err)
		}
	}
}

func TestReadPSKCWithoutMAC(t *testing.T) {
	doc := sealPSKC(t, "p", rfcSeed(20))
	from, to := strings.Index(doc, "<ValueMAC>"), strings.Index(doc, "</ValueMAC>")
	doc = doc[:from] + doc[to+len("</ValueMAC>"):]
	if got, err := ReadPSKC(strings.NewReader(doc), []byte("p")); err == nil || got != nil || !strings.Contains(err.Error(), "no ValueMAC") {
		t.Errorf("%v, %v", got, err)
	}
}

// Files made to exhaust the reader end in an error, not in memory.
func TestReadPSKCBombs(t *testing.T) {
	const open = "<KeyContainer><KeyPackage>"
	entities := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`
	for i := range 9 {
		entities += fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}
	for name, r := range map[string]io.Reader{
		"entities":           strings.NewReader(entities + "]><KeyContainer>&j;</KeyContainer>"),
		"depth":              io.MultiReader(strings.NewReader(open), io.LimitReader(&endless{pattern: "<a>"}, 3_000_000)),
		"depth in container": io.MultiReader(strings.NewReader("<KeyContainer>"), io.LimitReader(&endless{pattern: "<a>"}, 3_000_000)),
		"depth in the key":   io.MultiReader(strings.NewReader(open), io.LimitReader(&endless{pattern: "<Key>"}, 3_000_000)),
		"endless text":       io.MultiReader(strings.NewReader(open), &endless{pattern: "a"}),
		"endless attributes": io.MultiReader(strings.NewReader("<KeyContainer "), &endless{pattern: `a="" `}),
		"endless comment":    io.MultiReader(strings.NewReader("<!--"), &endless{pattern: "a"}),
		"endless end":        io.MultiReader(strings.NewReader("<KeyContainer></KeyContainer>"), &endless{pattern: " "}),
	} {
		if got, err := ReadPSKC(r, nil); err == nil || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzReadPSKC(f *testing.F) {
	for _, name := range []string{"pskc-plain.xml", "pskc-password.xml", "pskc-preshared.xml"} {
		f.Add([]byte(testdata(f, name)), []byte("qwerty"))
	}
	f.Add([]byte(sealPSKC(f, "p", rfcSeed(20), rfcSeed(32))), []byte("p"))
	f.Add([]byte("<KeyContainer><KeyPackage/></KeyContainer>"), []byte("00112233445566778899aabbccddeeff"))
	f.Fuzz(func(t *testing.T, file, password []byte) {
		tokens, err := ReadPSKC(bytes.NewReader(file), password)
		checkTokens(t, tokens, err)
	})
}
