// A list of elements kept in step with a list of things: what stays is updated, not made again, so
// that focus, selection and what was unfolded outlive a refresh.
export interface Item<T> {
  readonly root: HTMLElement;
  update(thing: T): void;
}

export class Keyed<T> {
  private items = new Map<string, Item<T>>();

  constructor(
    private readonly host: HTMLElement,
    private readonly key: (thing: T) => string,
    private readonly make: (thing: T) => Item<T>,
    private readonly after: ChildNode | null = null, // a child of the host that stays first
  ) {}

  update(things: T[]): void {
    const next = new Map<string, Item<T>>();
    for (const thing of things) {
      let key = this.key(thing);
      while (next.has(key)) key += "'"; // the same thing twice
      const item = this.items.get(key) ?? this.make(thing);
      item.update(thing);
      next.set(key, item);
    }
    for (const [key, item] of this.items) if (!next.has(key)) item.root.remove();
    this.items = next;
    let at = this.after ? this.after.nextSibling : this.host.firstChild;
    for (const { root } of next.values()) {
      if (root === at) at = at.nextSibling;
      else this.host.insertBefore(root, at);
    }
  }
}

/** Sets a text only where it is another: selections live on. */
export function setText(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}
