/** What each entry point exports, by name: a new name is a promise to users, so it is also added here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

interface EntryPoint {
  readonly file: string;
  readonly values: string;
  readonly types: string;
}

const entryPoints: Readonly<Record<string, EntryPoint>> = {
  'ssp-toolkit': {
    file: 'lib/index.ts',
    values: `
      AuthError BufferTooShortError ConnectionClosedError CouldNotConnectError DataEvent ERROR_CODES
      GroupsTooShortError IllegalAddressError IllegalGroupError IllegalMessageError
      IllegalMessageTypeError IllegalNameError IllegalParamError IllegalReceiversError IllegalServiceError
      IllegalSessionError IllegalStateError IllegalTimeError InvalidValueError MessageTooLongError NetworkError NoNameError NotSupportedError NotUniqueError PermissionDeniedError
      QUEUE_BYTES QUEUE_EVENTS QuotaError RejectedError ResumeError SERVICES SecurityError SendUnknownError SspError TooManyGroupsError
      TooManyMembersError VersionError ViewChangedError WouldBlockError connect equalGroupIds groupIdText`,
    types: `
      Body Cause ChangeView Codec ConnectOptions Connection ConnectionEvent ConnectionEvents ConnectionState DisagreementEvent ErrorCode ExcludedEvent
      FlushRequestEvent GapEvent GapReason Group GroupEvent GroupEvents GroupId InputOf InvalidEvent JoinOptions MembersSendOptions MessageEvent MovedEvent NetworkView OutputOf Outsider
      ReconnectingEvent RefusedAction RejectEvent RekeyedEvent ResumeOptions ResumedEvent ReturnedMember SchemaAnswer SchemaIssue SchemaPathStep SecureGroup SecureMembership SecureOptions SecureView SelfLeaveEvent SendOptions Service SspErrorOptions StalledEvent
      StandardSchema TamperingEvent TlsOptions TransitionEvent TypedGroup TypedGroupEvent TypedGroupEvents TypedGroupOf TypedJoinOptions
      TypedMembersSendOptions TypedSecureGroup TypedSecureGroupOf TypedSendOptions UntypedEvent ValueEvent ValueIssue ViewEvent ViewSynchrony`,
  },
  'ssp-toolkit/ssp': {
    file: 'lib/ssp/index.ts',
    values: `
      ACCEPT_SESSION AGREED_MESS BUFFER_TOO_SHORT CAUSAL_MESS CAUSED_BY_DISCONNECT CAUSED_BY_JOIN
      CAUSED_BY_LEAVE CAUSED_BY_NETWORK CONNECTION_CLOSED COULD_NOT_CONNECT DECRYPT_FAILED
      DEFAULT_SPREAD_PORT DONT_BLOCK DROP_RECV ENCRYPTION_NOT_SUPPORTED ENCRYPT_FAILED ENCRYPT_MESS
      FIFO_MESS FLUSH_OK_ALREADY_SENT FLUSH_REQ_MESS FL_MAX_SCATTER_ELEMENTS GROUPS_TOO_SHORT
      GROUP_NOT_SECURE HIGH_PRIORITY ILLEGAL_GROUP ILLEGAL_MESSAGE ILLEGAL_MESSAGE_TYPE ILLEGAL_PARAM
      ILLEGAL_RECEIVERS ILLEGAL_SERVICE ILLEGAL_SESSION ILLEGAL_SPREAD ILLEGAL_STATE ILLEGAL_TIME
      INVALID_PARAM Is_agreed_mess Is_causal_mess Is_caused_disconnect_mess Is_caused_join_mess
      Is_caused_leave_mess Is_caused_network_mess Is_fifo_mess Is_membership_mess Is_private_group
      Is_reg_memb_mess Is_regular_mess Is_reject_mess Is_reliable_mess Is_safe_mess Is_self_discard
      Is_self_leave Is_transition_mess Is_unreliable_mess KEY_AGR_NOT_SUPPORTED LOW_PRIORITY
      MAX_CLIENT_SCATTER_ELEMENTS MAX_GROUPS MAX_GROUP_NAME MAX_MESSAGE_BODY_LEN MAX_PORTABLE_BYTES
      MAX_PRIVATE_NAME MAX_PROC_NAME MAX_REQUEST_BYTES MEDIUM_PRIORITY MEMBERSHIP_MESS MEMB_MESSAGE
      MESSAGE_TOO_LONG NET_ERROR_ON_SESSION NOT_ALLOWED_TO_SEND PERMISSION_DENIED REGULAR_MESS
      REG_MEMB_MESS REG_MESSAGE REJECT_AUTH REJECT_ILLEGAL_NAME REJECT_MESS REJECT_NOT_UNIQUE
      REJECT_NO_NAME REJECT_QUOTA REJECT_VERSION RELIABLE_MESS RESERVED SAFE_MESS SELF_DISCARD SP_BUG
      SP_connect SP_connect_timeout SP_disconnect SP_equal_group_ids SP_error SP_get_memb_info
      SP_get_vs_set_members SP_get_vs_sets_info SP_join SP_kill SP_leave SP_multicast
      SP_multigroup_multicast SP_multigroup_scat_multicast SP_poll SP_receive SP_scat_get_memb_info
      SP_scat_get_vs_set_members SP_scat_get_vs_sets_info SP_scat_multicast SP_scat_receive SP_strerror
      SP_version SSP_connect SSP_disconnect SSP_error SSP_flush SSP_get_key SSP_join SSP_kill SSP_leave SSP_multicast
      SSP_multigroup_multicast SSP_multigroup_scat_multicast SSP_poll SSP_receive SSP_scat_multicast
      SSP_scat_receive SSP_strerror SSP_version SUBGROUP_CAST TOO_MANY_GROUPS TOO_MANY_MEMBERS TRANSITION_MESS
      TRANS_MEMB_MESS TRANS_MESS UNRELIABLE_MESS WOULD_BLOCK codeName codeText groupIdText
      ipAuthenticator nullAuthenticator passwordAuthenticator`,
    types: `
      Authenticator ConnectOptions ConnectResult GroupId KeyResult MembInfo Membership ReceiveOptions
      ReceiveResult ScatReceiveOptions Scatter ScatterElement SecureMailboxOptions SpConnectOptions SspReceiveResult Time
      VersionResult VsSetInfo`,
  },
  'ssp-toolkit/secure': {
    file: 'lib/secure/index.ts',
    values: `generateIdentity importIdentity importPublicKey issueCertificate publicKeyText`,
    types: `
      AllowedMember Authorize AuthorizeOptions AuthorizeRequest CertificateOptions Identity
      PublicKeyInput SecureMemberOptions`,
  },
  'ssp-toolkit/flush': {
    file: 'lib/flush/index.ts',
    values: `
      DONT_BLOCK DROP_RECV FLUSH_OK FLUSH_RECV FLUSH_REQ_MESS FL_MAX_SCATTER_ELEMENTS
      FL_MIN_LEGAL_MESS_TYPE FL_connect FL_disconnect FL_error FL_flush FL_get_gid_offset_memb_mess
      FL_get_num_vs_offset_memb_mess FL_get_vs_set_offset_memb_mess FL_join FL_leave FL_lib_init
      FL_more_msgs FL_multicast FL_poll FL_receive FL_scat_multicast FL_scat_receive
      FL_scat_subgroupcast FL_scat_unicast FL_subgroupcast FL_unicast FL_version
      ILLEGAL_MESSAGE_TYPE ILLEGAL_PARAM ILLEGAL_RECEIVERS ILLEGAL_STATE Is_flush_req_mess
      Is_subgroup_mess SUBGROUP_CAST VULNERABLE WOULD_BLOCK`,
    types: `
      ConnectOptions ConnectResult FlConnectOptions FlReceiveResult GroupId Membership ReceiveOptions
      ReceiveResult ScatReceiveOptions Scatter ScatterElement VersionResult`,
  },
  'ssp-toolkit/wire': {
    file: 'lib/wire/index.ts',
    values: `
      AGREED_MESS CAUSAL_MESS ClientHandshake Delivery FIFO_MESS FrameFault FrameReader JOIN_MESS
      KILL_MESS LEAVE_MESS PROTOCOL_VERSION PlainHandshake RELIABLE_MESS SAFE_MESS ServerHandshake UNRELIABLE_MESS
      checkDelivery checkRequest codeName encodeMessage encodeRegularMembership encodeReject
      encodeRequest encodeSelfLeave encodeTransition groupIdText ipAuthenticator isGroupName
      isPrivateName isRegular isRegularMembership isReject isSelfLeave isTransition nameField
      nullAuthenticator parsePrivateGroup passwordAuthenticator privateGroup readHeader
      readMembershipBody readVsSet`,
    types: `
      Accept Authenticator ClientHandshakeOptions ClientStep ConnectRequest Credentials FaultReason
      FrameHandler GroupId HandshakePolicy Header Hello Mark MembershipBody PlainHandshakeOptions Position ServerStep Version VsSet Welcome WelcomeVerdict`,
  },
  'ssp-toolkit/recipes': {
    file: 'lib/recipes/index.ts',
    values: `
      IncompatibleMemberError LeaderLostError LeftGroupError LockEndedError ReadOnlyError RecipeError ResultUnknownError
      barrier counter election groupRpc lead lock map presence replicated`,
    types: `
      Barrier BarrierOptions CallHandler CallMode CallOptions CallOutcome CallResult CommandInfo Counter
      Departure Election ElectionEvents ElectionOptions GroupRpc GroupRpcOptions HeldLock LeadInfo LeadOptions Leadership
      Lock Machine Member Person Presence PresenceEvents PresenceOptions RecipeEvents Replicated
      ReplicatedEvents ReplicatedMap ReplicatedMapEvents ReplicatedOptions Snapshot TypedMapOptions TypedPresenceOptions
      TypedReplicatedOptions TypedRpcOptions WaitOptions`,
  },
  'ssp-toolkit/channel': {
    file: 'lib/channel/index.ts',
    values: `
      AlreadyRepliedError BadNameError BodyTooLongError BufferingOffError BusyError ChannelError
      ChannelFullError ClientGoneError ExistsError HasClientsError NotAttachedError NotFoundError
      NotOwnerError NotPrimaryError OrphanedError RefusedError ServerGoneError ServerUnreachableError
      TimeoutError openChannels`,
    types: `
      CallOptions ChannelCondition ChannelInfo ChannelLostEvent ChannelOptions Channels ChannelsOptions
      ClientChangeEvent ClientChannel ClientEvent ClientLossEvent ClientReturnedEvent ClientState CloseOptions CreateOptions
      Dropped GoneReason OpenOptions OverflowEvent PingOptions PostEvent PostOptions ReceiveOptions
      Registry RegistrySnapshot Reply ServerChannel ServerEvent ServerRequest TimeoutEvent TimerEvent
      TimerId WaitLimits WatchEvent`,
  },
  'ssp-toolkit/browser': {
    file: 'lib/browser/index.ts',
    values: `
      AuthError ConnectionClosedError CouldNotConnectError IllegalGroupError IllegalParamError IncompatibleMemberError InvalidValueError LeftGroupError
      MessageTooLongError NotSupportedError NotUniqueError PermissionDeniedError ReadOnlyError RecipeError RejectedError
      ResultUnknownError ResumeError SendUnknownError SessionChangedError SspError TooManyGroupsError TooManyMembersError
      connect election groupRpc map presence`,
    types: `
      Body BrowserConnectOptions CallHandler CallMode CallOptions CallOutcome CallResult Cause ChangeView Codec Connection ConnectionEvent
      ConnectionEvents ConnectionState DataEvent Departure Election ElectionEvents ElectionOptions ErrorCode GapEvent GapReason Group
      GroupEvent GroupEvents GroupRpc GroupRpcOptions InputOf InvalidEvent JoinOptions Leadership Member MembersSendOptions MessageEvent MovedEvent NetworkView OutputOf
      Person Presence PresenceEvents PresenceOptions RecipeEvents ReconnectingEvent RejectEvent Replicated ReplicatedEvents
      ReplicatedMap ReplicatedMapEvents ReplicatedOptions ResumeOptions ResumedEvent ReturnedMember SchemaAnswer SchemaIssue SchemaPathStep SelfLeaveEvent SendOptions
      Service StandardSchema TokenSource TransitionEvent TypedGroup TypedGroupEvent TypedGroupEvents TypedGroupOf TypedJoinOptions TypedMapOptions
      TypedMembersSendOptions TypedPresenceOptions TypedRpcOptions TypedSendOptions UntypedEvent ValueEvent ValueIssue ViewEvent WaitOptions`,
  },
  'ssp-toolkit/react': {
    file: 'lib/browser/react/index.ts',
    values: 'SspProvider useGroup useLeader usePresence',
    types: `
      GroupState LeaderState Member MessageHandler Person PresenceState SspProviderProps TypedGroupState UseGroupOptions UseLeaderOptions
      UsePresenceOptions UseTypedGroupOptions`,
  },
  'ssp-toolkit/cluster-process': {
    file: 'lib/adapters/cluster-process/index.ts',
    values: 'connectHere primaryDaemon',
    types: 'HereOptions MachineConnection MachineDaemonOptions PrimaryDaemon PrimaryDaemonOptions',
  },
  'ssp-toolkit/keyv': {
    file: 'lib/adapters/keyv/index.ts',
    values: 'keyvStore',
    types: 'KeyvStore KeyvStoreEvents KeyvStoreOptions KeyvWrite',
  },
  'ssp-toolkit/node-cron': {
    file: 'lib/adapters/node-cron/index.ts',
    values: 'coordinator',
    types: 'CoordinatorOptions CronCoordinator',
  },
  'ssp-toolkit/opentelemetry': {
    file: 'lib/adapters/opentelemetry/index.ts',
    values: 'instrument',
    types: `
      AttributeValue Attributes HostCounter HostHistogram HostMeter HostSpan HostSpanContext HostTracer InstrumentDescription
      InstrumentOptions Instrumentation`,
  },
  'ssp-toolkit/socket.io': {
    file: 'lib/adapters/socket.io/index.ts',
    values: 'createAdapter',
    types: 'AdapterFactory AdapterOptions AdapterSource RecoverySettings',
  },
  'ssp-toolkit/daemon': {
    file: 'daemon/index.ts',
    values: `
      AccessFileError EngineError IllegalParamError ListenError MonitorError TransportError createDaemon
      hostDaemonName`,
    types: `
      Counters Daemon DaemonOptions DaemonStatus DaemonViewInfo EndReason GroupInfo GroupWithMembers
      Logger Method Principal SessionInfo SessionLimits SessionWithGroups StatusEvent TransportErrorCode
      UpgradeRequest Verify WebOptions`,
  },
  'ssp-toolkit/testing': {
    file: 'daemon/testing/index.ts',
    values: `cluster replay RecordingError`,
    types: `
      Cluster ClusterClock ClusterConnectOptions ClusterDaemonOptions ClusterGroup ClusterOptions DaemonHandle
      DaemonState FakeTimers MachineReplay MachineReplayOptions PlayOptions PlayedConnection Recording Release ReplayedCommand SendDifference
      SentMessage Wait`,
  },
};

const words = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .toSorted();

const withoutComments = (source: string): string => source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');

/** Names of the export lists in a source: values, types. */
function exported(source: string): { values: string[]; types: string[] } {
  const values: string[] = [];
  const types: string[] = [];
  for (const [, isType, list = ''] of source.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const item of list.split(',').map((each) => each.trim())) {
      if (item === '') continue;
      const name = item.replace(/^type /, '');
      (isType || item.startsWith('type ') ? types : values).push(name);
    }
  }
  return { values: values.toSorted(), types: types.toSorted() };
}

const exportsOfPackage = (): Record<string, unknown> =>
  (
    JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    }
  ).exports;

describe('the entry points', () => {
  it('are those of the package', () => {
    const modules = Object.keys(exportsOfPackage()).filter((path) => path !== './package.json');
    expect(modules.map((path) => `ssp-toolkit${path.slice(1)}`).toSorted()).to.deep.equal(
      Object.keys(entryPoints).toSorted(),
    );
  });
  it('are what the check of docstrings and the site read', () => {
    const files = Object.values(entryPoints)
      .map(({ file }) => `../../${file}`)
      .toSorted();
    for (const [name, key] of [
      ['check.json', 'entryPoints'],
      ['site.json', 'entryPoints'],
      ['tsconfig.json', 'files'],
    ] as const) {
      const options = JSON.parse(readFileSync(join(repositoryRoot, 'docs/site', name), 'utf8')) as Record<
        string,
        string[]
      >;
      expect(options[key]?.toSorted(), name).to.deep.equal(files);
    }
  });

  for (const [module, { file, values, types }] of Object.entries(entryPoints)) {
    it(`${module} lists its names, each once and under the name that it has inside`, () => {
      const source = withoutComments(readFileSync(join(repositoryRoot, file), 'utf8'));
      expect(source).not.to.match(/export (type )?\*|\bas\b/);
      expect(exported(source)).to.deep.equal({
        values: words(values),
        types: words(types),
      });
    });

    it(`${module} has these values when it is loaded`, async () => {
      const loaded = (await import(`../${file.replace(/\.ts$/, '.js')}`)) as object;
      expect(Object.keys(loaded).toSorted()).to.deep.equal(words(values));
    });
  }
});
