/** Who the command says it is. From the environment only: an argument would be seen by everybody on the machine. */

/** `SSP_USER` and `SSP_PASSWORD`, for a daemon that asks for PWORD; undefined without a user. */
export function credentials(
  environment: NodeJS.ProcessEnv = process.env,
): { user: string; password: string } | undefined {
  const { SSP_USER: user = '', SSP_PASSWORD: password = '' } = environment;
  return user === '' ? undefined : { user, password };
}
