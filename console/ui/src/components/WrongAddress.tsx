// The warning at an address where security keys don't work, with the way to where they do. Plain HTML, for sign-in too.
import { wrongOrigin } from '../lib/origin';

type Props = { at: NonNullable<ReturnType<typeof wrongOrigin>> };

export default function WrongAddress({ at: { origin, page } }: Props) {
  return (
    <span>
      Passkeys and security keys will not work here: the console was opened at {location.origin}, and they are bound to{' '}
      <a href={page} style={{ color: 'inherit', textDecoration: 'underline' }}>
        {origin}
      </a>
      .
    </span>
  );
}
