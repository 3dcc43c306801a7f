import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { SspProvider, useGroup, useLeader, usePresence } from 'ssp-toolkit/react';

function People({ name }) {
  const { all } = usePresence('people', { meta: { name } });
  const { leader } = useLeader('lead');
  return (
    <section>
      <h2>{all.length === 1 ? '1 person' : `${all.length} people`}</h2>
      <ul className="people">
        {all.map(({ key, metas, members, isMe }) => (
          <li key={key} className={isMe ? 'me' : ''}>
            {metas[0]?.name}
            {members.some(({ id }) => id === leader) && <em>leads</em>}
            <small>{metas.length === 1 ? '' : `${metas.length} tabs`}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Talk({ name }) {
  const [texts, setTexts] = useState([]);
  const [text, setText] = useState('');
  const room = useGroup('room', {
    onMessage: (message) => setTexts((before) => [...before, JSON.parse(message.text)]),
  });
  const say = (event) => {
    event.preventDefault();
    void room.send(JSON.stringify({ name, text }));
    setText('');
  };
  return (
    <section>
      <h2>Talk</h2>
      <ol className="texts">
        {texts.map((each, i) => (
          <li key={i}>
            <b>{each.name}</b>
            {each.text}
          </li>
        ))}
      </ol>
      <form onSubmit={say}>
        <input value={text} onChange={(event) => setText(event.target.value)} aria-label="message" />
        <button disabled={room.state !== 'joined' || text === ''}>Send</button>
      </form>
      {room.state === 'away' && <p>The connection is lost and looks for a daemon.</p>}
      {room.error && <p>{room.error.message}</p>}
    </section>
  );
}

function App() {
  const [name, setName] = useState(null);
  if (name === null) return <Entrance enter={setName} />;
  const token = async () => (await fetch(`token?user=${encodeURIComponent(name)}`)).text();
  return (
    <SspProvider url={document.documentElement.dataset.url} token={token}>
      <h1>Who is here</h1>
      <People name={name} />
      <Talk name={name} />
    </SspProvider>
  );
}

function Entrance({ enter }) {
  const [name, setName] = useState('');
  return (
    <>
      <h1>Who are you?</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter(name);
        }}
      >
        <input value={name} onChange={(event) => setName(event.target.value)} aria-label="name" autoFocus />
        <button disabled={name === ''}>Enter</button>
      </form>
    </>
  );
}

createRoot(document.getElementById('root')).render(<App />);
