// Tables to choose from, page by page: groups, managed policies, users. The choice outlives the page it was made on.
import { ListGroupsCommand, ListPoliciesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { iam } from '../lib/iam';
import { usePages, type Batch } from '../lib/paging';
import ListTable, { pageSearch } from './ListTable';

type Item = { id: string; name: string; note: string };
type Kind = {
  title: string;
  /** What the second column tells. */
  note: string;
  empty: string;
  fetch(marker?: string): Promise<Batch<Item>>;
};

const MaxItems = 50;

const groups: Kind = {
  title: 'User groups',
  note: 'Path',
  empty: 'There are no user groups yet.',
  async fetch(Marker) {
    const page = await iam.send(new ListGroupsCommand({ Marker, MaxItems }));
    const items = (page.Groups ?? []).map((g) => ({ id: g.GroupName ?? '', name: g.GroupName ?? '', note: g.Path ?? '' }));
    return { items, marker: page.Marker };
  },
};

const users: Kind = {
  title: 'Users',
  note: 'Path',
  empty: 'There are no users yet.',
  async fetch(Marker) {
    const page = await iam.send(new ListUsersCommand({ Marker, MaxItems }));
    const items = (page.Users ?? []).map((u) => ({ id: u.UserName ?? '', name: u.UserName ?? '', note: u.Path ?? '' }));
    return { items, marker: page.Marker };
  },
};

const policies: Kind = {
  title: 'Managed policies',
  note: 'Type',
  empty: 'There are no policies.',
  async fetch(Marker) {
    const page = await iam.send(new ListPoliciesCommand({ Marker, MaxItems }));
    const items = (page.Policies ?? []).map((p) => ({
      id: p.Arn ?? '',
      name: p.PolicyName ?? '',
      note: p.Arn?.includes('::aws:') ? 'Built in' : 'Of this account',
    }));
    return { items, marker: page.Marker };
  },
};

const kinds = { groups, users, policies };

type Props = {
  of: keyof typeof kinds;
  /** Names; of policies, ARNs. */
  chosen: string[];
  onChange: (chosen: string[]) => void;
  single?: boolean;
  /** What is already there and not offered again. */
  without?: string[];
};

export default function Picker({ of, chosen, onChange, single, without = [] }: Props) {
  const kind = kinds[of];
  const pages = usePages((marker) => kind.fetch(marker), [of]);
  const offered = pages.items.filter((item) => !without.includes(item.id));

  return (
    <ListTable<Item>
      title={kind.title}
      heading="h3"
      description={chosen.length > 0 ? `${chosen.length} selected` : undefined}
      source={{ ...pages, items: offered }}
      id={(item) => item.id}
      name={(item) => item.name}
      columns={[
        { id: 'name', header: 'Name', cell: (item) => item.name, isRowHeader: true },
        { id: 'note', header: kind.note, cell: (item) => item.note },
      ]}
      selection={{ type: single ? 'single' : 'multi', ids: chosen, onChange }}
      search={pageSearch(of)}
      empty={pages.items.length > 0 ? 'Everything on this page is there already.' : kind.empty}
    />
  );
}
