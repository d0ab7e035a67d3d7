#!/usr/bin/perl
# The peer in Perl: Mail::DKIM::Verifier over .eml files. One process.
#
#     perl benchmarks/peers/mail_dkim.pl FOLDER KEYS.csv
#
# Prints one JSON object: messages, octets, and how often its result was "pass". Keys come from the
# file: its look-up is replaced, so nothing asks the DNS. Work differs from the product's: DKIM only.
use strict;
use warnings;
use File::Find;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;

package Record {
    sub new     { my ($class, $text) = @_; return bless { text => $text }, $class }
    sub type    { return 'TXT' }
    sub txtdata { my ($self) = @_; return $self->{text} }
}

package main;

my ($folder, $keys) = @ARGV;
my %records;
open(my $table, '<', $keys) or die "$keys: $!\n";
my $heading = <$table>;
while (my $line = <$table>) {
    $line =~ s/\r?\n\z//;
    my ($domain, $selector, $record) = split /,/, $line, 3;
    $record =~ s/\A"|"\z//g;
    $records{"$selector._domainkey.$domain"} = $record;
}
{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ($name) = @_;
        $@ = exists $records{$name} ? 'NOERROR' : 'NXDOMAIN';
        return exists $records{$name} ? Record->new($records{$name}) : ();
    };
}

my @paths;
find({ no_chdir => 1, wanted => sub { push @paths, $_ if /\.eml\z/ } }, $folder);
my ($octets, $valid) = (0, 0);
for my $path (sort @paths) {
    open(my $file, '<:raw', $path) or die "$path: $!\n";
    my $message = do { local $/; <$file> };
    close $file;
    $octets += length $message;
    $message =~ s/(?<!\r)\n/\r\n/g;
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT($message);
    $verifier->CLOSE;
    $valid++ if $verifier->result eq 'pass';
}
printf qq({"messages": %d, "octets": %d, "valid": %d, "version": "%s"}\n), scalar @paths, $octets, $valid,
    Mail::DKIM::Verifier->VERSION;
