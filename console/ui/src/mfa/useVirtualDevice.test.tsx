import { renderHook, waitFor } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { iam } from '../lib/iam';
import { useVirtualDevice } from './useVirtualDevice';

let devices: string[];
let log: string[];
let undeletable: boolean;

// A server that knows names, and answers a moment later.
beforeEach(() => {
  devices = [];
  log = [];
  undeletable = false;
  vi.spyOn(iam, 'send').mockImplementation(async (command: { constructor: { name: string }; input: object }) => {
    const input = command.input as { VirtualMFADeviceName?: string; SerialNumber?: string };
    const name = command.constructor.name.replace(/Command$/, '');
    const serial = input.SerialNumber ?? `arn:aws:iam::123456789012:mfa/${input.VirtualMFADeviceName}`;
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(name);
    switch (name) {
      case 'CreateVirtualMFADevice':
        if (devices.includes(serial)) throw Object.assign(new Error('taken'), { name: 'EntityAlreadyExistsException' });
        devices.push(serial);
        return { VirtualMFADevice: { SerialNumber: serial, Base32StringSeed: new TextEncoder().encode('ABC'), QRCodePNG: new Uint8Array() } };
      case 'DeleteVirtualMFADevice':
        if (undeletable) throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
        devices = devices.filter((one) => one !== serial);
        return {};
      default:
        return { VirtualMFADevices: devices.map((SerialNumber) => ({ SerialNumber })) };
    }
  });
});

const serial = 'arn:aws:iam::123456789012:mfa/phone';
const render = (name?: string) =>
  renderHook((props: { name?: string }) => useVirtualDevice(props.name), { initialProps: { name } });

it('makes nothing before its step opens', async () => {
  render();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(log).toEqual([]);
});

it('makes the device, and deletes it when the step is left', async () => {
  const { result, unmount } = render('phone');
  await waitFor(() => expect(result.current.device).toMatchObject({ serial, secret: 'ABC' }));
  unmount();
  await waitFor(() => expect(devices).toEqual([]));
});

it('deletes also the device that is made only after the step was left', async () => {
  render('phone').unmount();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(devices).toEqual([]);
});

it('leaves the device alone once it is assigned', async () => {
  const { result, unmount } = render('phone');
  await waitFor(() => expect(result.current.device).toBeDefined());
  result.current.keep();
  unmount();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(devices).toEqual([serial]);
});

it('goes back and on again under the same name', async () => {
  const { result, rerender } = render('phone');
  await waitFor(() => expect(result.current.device).toBeDefined());
  rerender({ name: undefined });
  expect(result.current.device).toBeUndefined(); // nor its secret
  rerender({ name: 'phone' });
  await waitFor(() => expect(log).toEqual(['CreateVirtualMFADevice', 'DeleteVirtualMFADevice', 'CreateVirtualMFADevice']));
  await waitFor(() => expect(result.current.device).toBeDefined());
  expect(result.current.error).toBeUndefined();
});

it('offers the deletion of an abandoned device and goes on', async () => {
  devices = [serial];
  const { result } = render('phone');
  await waitFor(() => expect(result.current.abandoned).toBe(serial));
  result.current.replace();
  await waitFor(() => expect(result.current.device).toBeDefined());
  expect(devices).toEqual([serial]);
});

it('tells a name that is held by a device one may not delete', async () => {
  devices = [serial];
  undeletable = true;
  const { result } = render('phone');
  await waitFor(() => expect(result.current.abandoned).toBe(serial));
  result.current.replace();
  await waitFor(() => expect(result.current.held).toBe(true));
  expect(result.current.abandoned).toBeUndefined();
});
