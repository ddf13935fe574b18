import { ActionIcon, Combobox, TextInput, useCombobox } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Facets } from '../api/client';
import { useKeys } from '../app/keys';
import { plain } from '../hostile/hostile';
import { Icon } from '../show/Icon';
import classes from './query.module.css';
import { accept, complete, type Suggestion } from './query';

/** QueryBox takes a query, offering names of fields and their values. A search runs
 * on Enter, on taking a value, and on clearing. */
export function QueryBox({
  value,
  onSearch,
  facets,
}: {
  value: string;
  onSearch: (q: string) => void;
  facets?: Facets;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState(value.length);
  const [asked, setAsked] = useState(value);
  if (asked !== value) {
    // The search changed elsewhere: a facet, the address, the back button.
    setAsked(value);
    setText(value);
  }
  const input = useRef<HTMLInputElement>(null);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const offers = complete(text, caret, {
    source: facets?.source,
    kind: facets?.kind,
    severity: facets?.severity,
    rule: facets?.rule,
    disposition: facets?.disposition,
  });
  useKeys({ '/': () => input.current?.focus() });
  const place = useRef<number>(undefined);
  useEffect(() => {
    if (place.current === undefined) return;
    input.current?.setSelectionRange(place.current, place.current);
    place.current = undefined;
  });

  const take = (s: Suggestion) => {
    const next = accept(text, s);
    setText(next.text);
    setCaret(next.caret);
    place.current = next.caret;
    if (s.text.endsWith(':')) box.openDropdown();
    else {
      box.closeDropdown();
      onSearch(next.text.trim());
    }
  };
  return (
    <Combobox
      store={box}
      onOptionSubmit={(v) => {
        const s = offers.find((o) => o.text === v);
        if (s) take(s);
      }}
    >
      <Combobox.Target withAriaAttributes={offers.length > 0}>
        <TextInput
          ref={input}
          className={classes.input}
          aria-label={t('query.label')}
          placeholder={t('query.placeholder')}
          value={text}
          spellCheck={false}
          autoComplete="off"
          leftSection={<Icon name="search" size={16} />}
          rightSection={
            text && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={t('query.clear')}
                onClick={() => {
                  setText('');
                  onSearch('');
                }}
              >
                <Icon name="close" size={14} />
              </ActionIcon>
            )
          }
          onChange={(e) => {
            setText(e.currentTarget.value);
            setCaret(e.currentTarget.selectionStart ?? e.currentTarget.value.length);
            box.openDropdown();
            box.resetSelectedOption();
          }}
          onSelect={(e) => setCaret(e.currentTarget.selectionStart ?? 0)}
          onBlur={() => box.closeDropdown()}
          onKeyDown={(e) => {
            if (e.nativeEvent.isComposing) return;
            if (e.key === 'Enter' && box.getSelectedOptionIndex() < 0) {
              box.closeDropdown();
              onSearch(text.trim());
              input.current?.blur();
            }
            if (e.key === 'Escape') input.current?.blur();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={offers.length === 0}>
        <Combobox.Options aria-label={t('query.label')}>
          {offers.map((o) => (
            <Combobox.Option key={o.text} value={o.text} className={classes.offer}>
              <span>{plain(o.text)}</span>
              {o.count !== undefined && <span className={classes.count}>{o.count}</span>}
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
