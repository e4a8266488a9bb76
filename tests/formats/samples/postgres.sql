--
-- PostgreSQL database dump
--

\restrict 5X84338SbNRP5l6gbWUU5WFMreApHvFUafKayBAKPgUGOMNjbz7Aav2uTQYgE0v

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO alias VALUES ('x@y.example'); RETURN NULL; END; $$;


ALTER FUNCTION public.f() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alias; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.alias (
    address character varying(255) NOT NULL,
    goto text NOT NULL,
    domain character varying(255) NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL
);


ALTER TABLE public.alias OWNER TO postgres;

--
-- Name: alias_domain; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.alias_domain (
    alias_domain character varying(255) NOT NULL,
    target_domain character varying(255) NOT NULL,
    created timestamp with time zone DEFAULT now(),
    modified timestamp with time zone DEFAULT now(),
    active boolean DEFAULT true NOT NULL
);


ALTER TABLE public.alias_domain OWNER TO postgres;

--
-- Name: mailbox; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.mailbox (
    username character varying(255) NOT NULL,
    password character varying(255) NOT NULL,
    name character varying(255),
    maildir text,
    quota bigint,
    local_part text,
    domain text,
    active boolean DEFAULT true,
    email_other text
);


ALTER TABLE public.mailbox OWNER TO postgres;

--
-- Name: vacation; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.vacation (
    email text NOT NULL,
    subject text,
    body text,
    domain text
);


ALTER TABLE public.vacation OWNER TO postgres;

--
-- Data for Name: alias; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.alias (address, goto, domain, created, modified, active) FROM stdin;
jd@domain2.com	jdoe@company.com	domain2.com	2026-11-28 07:24:30.865034+00	2026-11-28 07:24:30.865034+00	t
jdoe@company.com	jdoe@company.com,jdoe#company.com@autoreply.company.com	company.com	2026-11-28 07:24:30.865034+00	2026-11-28 07:24:30.865034+00	t
@domain3.com	@company.com	domain3.com	2026-11-28 07:24:30.865034+00	2026-11-28 07:24:30.865034+00	t
o'neil@domain2.com	a\\b@company.com	domain2.com	2026-11-28 07:24:30.877013+00	2026-11-28 07:24:30.877013+00	f
\.


--
-- Data for Name: alias_domain; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.alias_domain (alias_domain, target_domain, created, modified, active) FROM stdin;
domain4.com	company.com	2026-11-28 07:24:14.581393+00	2026-11-28 07:24:14.581393+00	t
\.


--
-- Data for Name: mailbox; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.mailbox (username, password, name, maildir, quota, local_part, domain, active, email_other) FROM stdin;
jdoe@company.com	x	John; Doe\\	company.com/jdoe/	0	jdoe	company.com	t	\N
kim@company.com	x	Kim\tLee	company.com/kim/	0	kim	company.com	t	kim@home.example
\.


--
-- Data for Name: vacation; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.vacation (email, subject, body, domain) FROM stdin;
jdoe@company.com	away	write to anna@company.com; thanks	company.com
\.


--
-- Name: alias_domain alias_domain_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.alias_domain
    ADD CONSTRAINT alias_domain_pkey PRIMARY KEY (alias_domain);


--
-- Name: mailbox mailbox_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_pkey PRIMARY KEY (username);


--
-- Name: vacation vacation_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.vacation
    ADD CONSTRAINT vacation_pkey PRIMARY KEY (email);


--
-- PostgreSQL database dump complete
--

\unrestrict 5X84338SbNRP5l6gbWUU5WFMreApHvFUafKayBAKPgUGOMNjbz7Aav2uTQYgE0v

