/** Components of React, rendered without a page. */
import type { ReactElement } from 'react';
import { create, type ReactTestRenderer } from 'react-test-renderer';

/** Rendered trees, which are taken away at the end. */
export class Screens implements AsyncDisposable {
  private readonly all: ReactTestRenderer[] = [];

  show(node: ReactElement): ReactTestRenderer {
    const screen = create(node);
    this.all.push(screen);
    return screen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const screen of this.all) screen.unmount();
  }
}

/** Lets the tests of a suite render. */
export function withScreens(): void {
  before(() => {
    // The renderer for specs would say that there are others.
    Object.assign(globalThis, { IS_REACT_NATIVE_TEST_ENVIRONMENT: true });
  });
  after(() => void Reflect.deleteProperty(globalThis, 'IS_REACT_NATIVE_TEST_ENVIRONMENT'));
}
