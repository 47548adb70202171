// Tags as rows of key and value, for the wizard and for the tab of a user.
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Input from '@cloudscape-design/components/input';

export type Tag = { Key: string; Value: string };

const most = 50; // per entity

export default function TagFields({ tags, onChange }: { tags: Tag[]; onChange: (tags: Tag[]) => void }) {
  const change = (at: number, part: Partial<Tag>) => onChange(tags.map((tag, i) => (i === at ? { ...tag, ...part } : tag)));
  return (
    <AttributeEditor<Tag>
      items={tags}
      addButtonText="Add new tag"
      removeButtonText="Remove tag"
      empty="There are no tags."
      disableAddButton={tags.length >= most}
      additionalInfo={`${most - tags.length} more tags can be added.`}
      onAddButtonClick={() => onChange([...tags, { Key: '', Value: '' }])}
      onRemoveButtonClick={({ detail }) => onChange(tags.filter((_, i) => i !== detail.itemIndex))}
      definition={[
        {
          label: 'Key',
          errorText: (tag) => {
            if (isTwice(tags, tag)) return 'This key is there already; upper and lower case make no difference.';
            return tag.Key === '' && tag.Value !== '' ? 'Enter a key.' : undefined;
          },
          control: (tag, at) => <Input value={tag.Key} onChange={({ detail }) => change(at, { Key: detail.value })} />,
        },
        {
          label: 'Value',
          control: (tag, at) => <Input value={tag.Value} onChange={({ detail }) => change(at, { Value: detail.value })} />,
        },
      ]}
    />
  );
}

/** Rows left wholly empty are nothing; a row with a value and no key is not. */
export const filled = (tags: Tag[]): Tag[] => tags.filter((tag) => tag.Key !== '' || tag.Value !== '');

export const tagsAreWhole = (tags: Tag[]): boolean => filled(tags).every((tag) => tag.Key !== '' && !isTwice(tags, tag));

function isTwice(tags: Tag[], tag: Tag): boolean {
  const key = tag.Key.toLowerCase();
  return key !== '' && tags.filter((other) => other.Key.toLowerCase() === key).length > 1;
}
