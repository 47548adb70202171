// An authenticator app: it scans QR codes and shows codes (RFC 6238, with the parameters that apps assume).
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';

const stepMillis = 30_000;

export class Phone {
  private last = 0; // step of the last code shown: the server takes each once

  /** drift is how many codes the phone's clock is ahead of the time. */
  constructor(
    private readonly seed: Buffer,
    private drift = 0,
  ) {}

  /** scan reads the seed out of a picture of a QR code, with zbarimg as a camera would. */
  static scan(png: string): Phone {
    const text = execFileSync('zbarimg', ['--quiet', '--raw', png], { encoding: 'utf8' }).trim();
    const secret = new URL(text).searchParams.get('secret');
    if (!text.startsWith('otpauth://totp/') || !secret) throw new Error('the picture holds no otpauth URI');
    return Phone.typed(secret);
  }

  /** typed is a phone into which the secret key was typed. */
  static typed(secret: string): Phone {
    return new Phone(base32(secret.replace(/[\s-]/g, '')));
  }

  /** drifts sets the clock of the phone ahead, in steps of 30 seconds. */
  drifts(steps: number): void {
    this.drift = steps;
  }

  /** wrong is a code that the phone showed long ago. */
  wrong(): string {
    return this.code(Math.floor(Date.now() / stepMillis) - 100_000);
  }

  /** next is a code that was not shown before; it may be of the coming step, which a server accepts. */
  next(): string {
    this.last = Math.max(this.last + 1, Math.floor(Date.now() / stepMillis) + this.drift);
    return this.code(this.last);
  }

  /** pair is two consecutive codes, as enabling a device asks for. */
  pair(): [string, string] {
    return [this.next(), this.next()];
  }

  private code(step: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac('sha1', this.seed).update(counter).digest();
    const offset = (mac.at(-1) ?? 0) & 15;
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
  }
}

function base32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = 0;
  let value = 0;
  const bytes: number[] = [];
  for (const letter of text.toUpperCase().replace(/=+$/, '')) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) throw new Error(`not base32: ${letter}`);
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 255);
    }
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}
