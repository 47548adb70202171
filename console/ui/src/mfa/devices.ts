// Operations on devices, one function each, with the road that fits the owner: the wire, or the console's own for root.
import {
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GetMFADeviceCommand,
  ListMFADevicesCommand,
  ListVirtualMFADevicesCommand,
  ResyncMFADeviceCommand,
} from '@aws-sdk/client-iam';
import { call, post } from '../lib/console';
import { deviceName, kindOf } from '../lib/format';
import { errorText, iam } from '../lib/iam';
import { all } from '../lib/paging';
import type { DeviceKind } from '../lib/session';
import { createKey } from '../lib/webauthn';
import type { Whose } from '../lib/whose';

export type Device = {
  serial: string;
  kind: DeviceKind;
  name: string;
  enabled: Date | undefined;
  /** Of security keys: "FIDO" → "L1"; or why they are not shown. */
  certifications?: Record<string, string>;
  denied?: string;
};

/** Two consecutive codes of a TOTP device. */
export type Codes = { code1: string; code2: string };

export async function listDevices({ userName: UserName }: Whose): Promise<Device[]> {
  const found = await all(async (Marker) => {
    const page = await iam.send(new ListMFADevicesCommand({ UserName, Marker }));
    return { items: page.MFADevices, marker: page.Marker };
  });
  return Promise.all(
    found.map(async ({ SerialNumber: serial = '', EnableDate: enabled }) => {
      const device: Device = { serial, kind: kindOf(serial), name: deviceName(serial), enabled };
      if (device.kind !== 'fido') return device;
      try {
        const { Certifications } = await iam.send(new GetMFADeviceCommand({ UserName, SerialNumber: serial }));
        return { ...device, certifications: Certifications };
      } catch (e) {
        return { ...device, denied: errorText(e).message };
      }
    }),
  );
}

export async function enableDevice(whose: Whose, SerialNumber: string, { code1, code2 }: Codes): Promise<void> {
  const input = { SerialNumber, AuthenticationCode1: code1, AuthenticationCode2: code2 };
  if (whose.root) await call('EnableRootMFADevice', input);
  else await iam.send(new EnableMFADeviceCommand({ UserName: whose.userName, ...input }));
}

export async function resyncDevice(whose: Whose, SerialNumber: string, { code1, code2 }: Codes): Promise<void> {
  const input = { SerialNumber, AuthenticationCode1: code1, AuthenticationCode2: code2 };
  if (whose.root) await call('ResyncRootMFADevice', input);
  else await iam.send(new ResyncMFADeviceCommand({ UserName: whose.userName, ...input }));
}

export async function deactivateDevice(whose: Whose, SerialNumber: string): Promise<void> {
  if (whose.root) await call('DeactivateRootMFADevice', { SerialNumber });
  else await iam.send(new DeactivateMFADeviceCommand({ UserName: whose.userName, SerialNumber }));
}

export type VirtualDevice = {
  serial: string;
  /** Base32 (RFC 4648), as authenticator apps take it typed in. */
  secret: string;
  /** A PNG of the QR code. */
  picture: Uint8Array;
};

export async function createVirtualDevice(name: string): Promise<VirtualDevice> {
  const { VirtualMFADevice } = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: name }));
  return {
    serial: VirtualMFADevice?.SerialNumber ?? '',
    secret: new TextDecoder().decode(VirtualMFADevice?.Base32StringSeed),
    picture: VirtualMFADevice?.QRCodePNG ?? new Uint8Array(),
  };
}

export async function deleteVirtualDevice(SerialNumber: string): Promise<void> {
  await iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber }));
}

/** The serial of the unassigned device of that name, if it can be found by one who may list. */
export async function findAbandoned(name: string): Promise<string | undefined> {
  let Marker: string | undefined;
  do {
    const page = await iam.send(
      new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Unassigned', Marker, MaxItems: 1000 }),
    );
    const found = page.VirtualMFADevices?.find(
      ({ SerialNumber = '' }) => deviceName(SerialNumber).toLowerCase() === name.toLowerCase(),
    );
    if (found) return found.SerialNumber;
    Marker = page.Marker;
  } while (Marker);
  return undefined;
}

/** Registers a passkey or security key, which starts the browser's prompt; answers its ARN. */
export async function registerKey(userName: string | undefined, deviceName: string): Promise<string> {
  const { options } = await post<{ options: Parameters<typeof createKey>[0] }>('/console/security-keys/begin', {
    userName,
    deviceName,
  });
  const response = await createKey(options);
  const { SerialNumber } = await post<{ SerialNumber: string }>('/console/security-keys', { userName, deviceName, response });
  return SerialNumber;
}
