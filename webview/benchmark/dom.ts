type Child = Node | string;

/** An element with attributes and children. Text goes in as text, never as markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(label: string, onClick: () => void, kind = 'secondary'): HTMLButtonElement {
  const element = el('button', { type: 'button', class: kind }, label);
  element.addEventListener('click', onClick);
  return element;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A labelled list to choose from. */
export function select(
  label: string,
  choices: readonly Choice[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLLabelElement {
  const list = el('select', { 'data-focus': label });
  for (const { value, label: text } of choices) list.append(new Option(text, value));
  list.value = chosen;
  list.addEventListener('change', () => {
    onChoose(list.value);
  });
  return el('label', { class: 'choice' }, el('span', {}, label), list);
}
