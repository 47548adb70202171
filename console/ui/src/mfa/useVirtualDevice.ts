// The life of a virtual device during the wizard: made when its step opens, deleted when the step is left without it.
import { useCallback, useEffect, useRef, useState } from 'react';
import { hasCode } from '../lib/iam';
import { createVirtualDevice, deleteVirtualDevice, findAbandoned, type VirtualDevice } from './devices';

export type VirtualDeviceState = {
  device?: VirtualDevice;
  loading: boolean;
  error?: unknown;
  /** The serial of a device that nobody uses and that has the name. */
  abandoned?: string;
  /** The name is held by a device that nobody uses and that one may not delete. */
  held?: boolean;
  /** Deletes the abandoned device, then makes the new one. */
  replace(): void;
  /** Tries again after an error. */
  retry(): void;
  /** The device is assigned: leaving must not delete it. */
  keep(): void;
};

/** name undefined: the step is not open. */
export function useVirtualDevice(name: string | undefined): VirtualDeviceState {
  const [state, setState] = useState<Pick<VirtualDeviceState, 'device' | 'error' | 'abandoned' | 'held'>>({});
  const [turn, setTurn] = useState(0);
  const toDelete = useRef<string>(undefined);
  const kept = useRef(false);
  const leaving = useRef<Promise<void>>(Promise.resolve());

  useEffect(() => {
    if (name === undefined) return;
    let here = true;
    const made = (async () => {
      // Going back and on again: the name is free only when the first device is deleted.
      await leaving.current;
      if (!here) return undefined;
      try {
        if (toDelete.current !== undefined) {
          const serial = toDelete.current;
          toDelete.current = undefined;
          try {
            await deleteVirtualDevice(serial);
          } catch (error) {
            if (here) setState({ error, held: hasCode(error, 'AccessDenied') });
            return undefined;
          }
        }
        const device = await createVirtualDevice(name);
        if (here) setState({ device });
        return device;
      } catch (error) {
        const taken = hasCode(error, 'EntityAlreadyExists');
        // One who may not list the devices learns of the taken name only.
        const abandoned = taken ? await findAbandoned(name).catch(() => undefined) : undefined;
        if (here) setState({ error, abandoned });
        return undefined;
      }
    })();
    return () => {
      here = false;
      setState({}); // the secret is not kept longer than its step
      leaving.current = made.then(async (device) => {
        if (!device || kept.current) return;
        // One who may not delete it leaves it behind; the wizard offers to delete it the next time.
        await deleteVirtualDevice(device.serial).catch(() => undefined);
      });
    };
  }, [name, turn]);

  const retry = useCallback(() => setTurn((before) => before + 1), []);
  const { abandoned } = state;
  const replace = useCallback(() => {
    toDelete.current = abandoned;
    retry();
  }, [abandoned, retry]);
  const keep = useCallback(() => void (kept.current = true), []);
  return { ...state, loading: state.device === undefined && state.error === undefined, replace, retry, keep };
}
