// The assignment itself: what was entered, whether it is enough, and the request that fits the kind of device.
import { useState } from 'react';
import { hasCode } from '../../lib/iam';
import { nameProblem } from '../../lib/names';
import { useAction } from '../../lib/requests';
import type { DeviceKind } from '../../lib/session';
import type { Whose } from '../../lib/whose';
import { codesAreWhole, noCodes } from '../../mfa/CodeFields';
import { enableDevice, registerKey, type Codes } from '../../mfa/devices';
import { useVirtualDevice, type VirtualDeviceState } from '../../mfa/useVirtualDevice';
import { serialProblem } from './HardwareStep';

/** Refusals that come before the codes are looked at. */
const refusedSerials = ['NoSuchEntity', 'EntityAlreadyExists', 'ValidationError'];

type Assigned = { name: string; serial: string };

export function useAssignment(whose: Whose, suggestion: string, onAssigned: (device: Assigned) => void) {
  const [name, setName] = useState(suggestion);
  const [kind, setKind] = useState<DeviceKind>('fido');
  const [step, setStep] = useState(0);
  const [tried, setTried] = useState<'nothing' | 'select' | 'add'>('nothing');
  const [codes, setCodes] = useState<Codes>(noCodes);
  const [serial, setSerial] = useState('');
  const action = useAction();
  const virtual: VirtualDeviceState = useVirtualDevice(step === 1 && kind === 'virtual' ? name : undefined);

  const problem = kind === 'hardware' ? undefined : nameProblem(name, 64);

  const go = (to: number) => {
    if (to > 0 && problem !== undefined) return setTried('select');
    setTried('nothing');
    setCodes(noCodes);
    action.clear();
    setStep(to);
  };

  const request = async (): Promise<Assigned> => {
    switch (kind) {
      case 'fido':
        return { name, serial: await registerKey(whose.own ? undefined : whose.userName, name) };
      case 'hardware':
        await enableDevice(whose, serial, codes);
        return { name: serial, serial };
      case 'virtual': {
        if (!virtual.device) throw new Error('There is no device yet.');
        await enableDevice(whose, virtual.device.serial, codes);
        virtual.keep();
        return { name, serial: virtual.device.serial };
      }
    }
  };

  const add = () => {
    setTried('add');
    if (!action.busy) action.clear();
    if (kind === 'virtual' && !virtual.device) return;
    if (kind !== 'fido' && !codesAreWhole(codes)) return;
    if (kind === 'hardware' && serialProblem(serial) !== undefined) return;
    void action.run(async () => {
      try {
        onAssigned(await request());
      } catch (error) {
        // A used code is good for nothing; what was typed must not be sent again. A refused serial number uses none.
        if (!refusedSerials.some((code) => hasCode(error, code))) {
          setCodes(noCodes);
          setTried('nothing');
        }
        throw error;
      }
    });
  };

  /** An answer to what was typed before says nothing about what is typed now. */
  const edited =
    <T>(set: (value: T) => void) =>
    (value: T) => {
      action.clear();
      set(value);
    };

  return {
    name, setName, kind, setKind, step, go, codes, serial, virtual, add,
    setCodes: edited(setCodes),
    setSerial: edited(setSerial),
    problem: tried === 'select' ? problem : undefined,
    tried: tried === 'add',
    busy: action.busy,
    error: action.error,
  };
}
