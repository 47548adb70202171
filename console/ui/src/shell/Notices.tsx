// The Flashbar: what pages reported, and above it the warning that belongs to every page.
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import WrongAddress from '../components/WrongAddress';
import { useFlashItems } from '../lib/flash';
import { wrongOrigin } from '../lib/origin';
import { useSession } from '../lib/session';

export function Notices() {
  const { items, dismiss } = useFlashItems();
  const { state } = useSession();
  const elsewhere = wrongOrigin(state.externalUrl);
  const shown: FlashbarProps.MessageDefinition[] = items.map(({ id, type, content }) => ({
    id,
    type,
    content,
    dismissible: true,
    dismissLabel: 'Dismiss message',
    ariaRole: type === 'error' ? 'alert' : 'status',
    onDismiss: () => dismiss(id),
  }));
  if (elsewhere) shown.push({ id: 'origin', type: 'warning', content: <WrongAddress at={elsewhere} /> });
  return <Flashbar items={shown} />;
}
