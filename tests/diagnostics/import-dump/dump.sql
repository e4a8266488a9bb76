-- PostgreSQL database dump
CREATE TABLE public.alias (address text, goto text, name text, active boolean);
INSERT INTO public.alias VALUES ('jd@domain2.com', 'jdoe@company.com', 'John', 'maybe');
INSERT INTO public.alias VALUES ('anna@domain2.com', 'anna@company.com', true);
INSERT INTO public.alias VALUES ('max@' || 'domain2.com', 'max@company.com', 'Max', true);
INSERT INTO public.alias VALUES ('kim@domain2.com', 'kim@company.com', 'see kim@home.example', true);
INSERT INTO forwardings VALUES ('tom@domain2.com', 'tom@company.com');
INSERT INTO public.log (data) VALUES ('anna@company.com logged in');
UPDATE public.alias SET goto = 'eva@company.com' WHERE address = 'eva@domain2.com';
COPY public.alias (address, goto) FROM stdin WITH CSV;
eva@domain2.com,eva@company.com
\.
