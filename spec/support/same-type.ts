/** What specs of types compare with. */
type Within<A, B> = [A] extends [B] ? true : false;
type IsAny<A> = 0 extends 1 & A ? true : false;

/** `true` for the same type, so that only `true` can be assigned to it; `false` for any other. */
export type Same<A, B> = IsAny<A> extends true ? false : Within<A, B> extends true ? Within<B, A> : false;
