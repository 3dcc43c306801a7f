/** The side of a load program that hears the runner: it gets its plan once, then one request after the other. */

/** What the runner sends. */
export interface Question {
  readonly plan?: unknown;
  readonly request?: unknown;
}

/** What it gets for each. */
export interface Reply {
  readonly answer?: unknown;
  readonly error?: string;
}

/** Makes ready what the plan names. @returns what answers the requests */
type Opening<Plan, Request> = (plan: Plan) => Promise<(request: Request) => Promise<unknown>>;

/** Answers the runner, one question at a time, until it goes away. */
export function serve<Plan, Request>(open: Opening<Plan, Request>): void {
  let answer: ((request: Request) => Promise<unknown>) | null = null;
  process.on('message', ({ plan, request }: Question) => {
    const reply = async (): Promise<Reply> => {
      if (answer !== null) return { answer: await answer(request as Request) };
      answer = await open(plan as Plan);
      return {};
    };
    void reply().then(say, (error: unknown) => say({ error: String(error) }));
  });
  process.on('disconnect', () => process.exit());
}

function say(reply: Reply): void {
  process.send?.(reply);
}
